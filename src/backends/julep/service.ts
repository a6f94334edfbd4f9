import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { Effects, Facts, Opened, OpenRequest, Service, SessionAt, SettingsRequest } from '../../core/service.ts';
import type { Contract, SessionPatch } from './contract.ts';
import { factsOf, isUuid, mergedMetadata, notUuid, removesKeys, situationOf } from './mapping.ts';
import { tooDeep } from './wire.ts';

export interface SessionsOptions {
  readonly name: string;
  readonly contract: Contract;
  /** Of sessions that name none. */
  readonly agentId: string | null;
}

/** Julep's part in sessions, by either API. */
export function createSessions({ name, contract, agentId: defaultAgent }: SessionsOptions): Omit<Service, typeof Symbol.asyncDispose> {
  const gone = (handle: string): Problem =>
    problem('ENDED', `Session ${handle} is not at backend ${name} any more: make another one.`, { backend: name });
  /** What is not there in a call about one session is the session. */
  const endedIf = <T>({ session }: SessionAt, value: T | Problem): T | Problem =>
    isProblem(value) && value.code === 'NOT_FOUND' ? gone(session.handle) : value;
  const nothing: Facts = {};

  /** Julep makes a session anew or changes the one that there is by the same call: it is looked for first. */
  async function taken(handle: string, signal?: AbortSignal): Promise<Problem | null> {
    const path = ['handle'];
    if (!contract.takesIds)
      return problem('UNSUPPORTED', `Backend ${name} gives sessions their ids itself: leave out \`handle\`.`, { path, backend: name });
    const invalid = notUuid(handle, path, name);
    if (invalid !== null) return invalid;
    const before = await contract.get(handle, signal);
    if (isProblem(before)) return before.code === 'NOT_FOUND' ? null : before;
    return problem('CONFLICT', `Backend ${name} has a session ${handle} already: name another \`handle\`, or none.`, {
      path,
      backend: name,
    });
  }

  async function open({ input, handle, options }: OpenRequest, signal?: AbortSignal): Promise<Opened | Problem> {
    const path = ['agentId'];
    const agentId = input.agentId ?? defaultAgent;
    if (agentId === null)
      return problem('BAD_INPUT', `Sessions of backend ${name} need an \`agentId\`: name one of its agents.`, { path, backend: name });
    const refused = notUuid(agentId, path, name) ?? (handle === null ? null : await taken(handle, signal));
    if (refused !== null) return refused;
    const { metadata = null } = input;
    const created = await contract.create({ id: handle, agentId, situation: situationOf(input.situation), metadata, options }, signal);
    if (!isProblem(created)) return { handle: created.id, facts: factsOf(created) };
    const { code, detail } = created;
    // Under an id of the client's, another developer may have a session. What else there is no way to refer to is the agent, or a user.
    if (code === 'CONFLICT' && handle !== null) return { ...created, path: created.path ?? ['handle'] };
    if (code !== 'NOT_FOUND' && code !== 'CONFLICT') return created;
    return problem('BAD_INPUT', detail ?? `Backend ${name} has no such agent.`, { path: created.path ?? path, backend: name });
  }

  async function whole(
    at: SessionAt,
    situation: string | null,
    metadata: SessionPatch['metadata'],
    signal?: AbortSignal,
  ): Promise<Facts | Problem> {
    const next = { situation, metadata: metadata ?? {} };
    const refused = await contract.replace(at.session.handle, { ...next, situation: situation ?? '' }, signal);
    return endedIf(at, refused ?? next);
  }

  async function update(at: SessionAt, { input }: SettingsRequest, signal?: AbortSignal): Promise<Facts | Problem> {
    const { situation, metadata } = input;
    if (situation === undefined && metadata === undefined) return nothing;
    if (removesKeys(metadata)) {
      const before = await contract.get(at.session.handle, signal);
      if (isProblem(before)) return endedIf(at, before);
      if (before.metadata === undefined && metadata !== null) return tooDeep(name, 'metadata');
      const after = situation === undefined ? before.situation : situationOf(situation);
      return whole(at, after, mergedMetadata(before.metadata ?? {}, metadata), signal);
    }
    const patch: SessionPatch = {
      // There is none of it where it is empty: null would say that it is not given.
      ...(situation !== undefined && { situation: situation ?? '' }),
      ...(metadata && { metadata }),
    };
    return endedIf(at, (await contract.patch(at.session.handle, patch, signal)) ?? nothing);
  }

  const effects: Effects = {
    async end(at, signal) {
      const refused = await contract.remove(at.session.handle, signal);
      return refused === null || refused.code === 'NOT_FOUND' ? nothing : refused;
    },
    settings(at, request, signal) {
      if (request.mode === 'UPDATE') return update(at, request, signal);
      const { situation, metadata } = request.after;
      return whole(at, situationOf(situation), metadata, signal);
    },
    async clear(at, signal) {
      const refused = await contract.clear(at.session.handle, signal);
      // Then only the gateway forgets them, and does not take them in again.
      return endedIf(at, refused?.code === 'UNSUPPORTED' ? nothing : (refused ?? nothing));
    },
  };

  const { suggestions } = contract;
  return {
    perMember: false,
    secretDefaults: [],
    // Chat does not tell the id that history has the client's message by.
    matchesByContent: true,
    deltasInCall: true,
    open,
    async read({ session }, signal) {
      const said = await contract.get(session.handle, signal);
      if (!isProblem(said)) return factsOf(said);
      return said.code === 'NOT_FOUND' ? { status: 'ENDED' } : said;
    },
    effects,
    async find(handle, signal) {
      if (!isUuid(handle)) return null;
      const said = await contract.get(handle, signal);
      if (!isProblem(said)) return { handle: said.id, facts: factsOf(said) };
      return said.code === 'NOT_FOUND' ? null : said;
    },
    async list(request, signal) {
      const page = await contract.list(request, signal);
      if (isProblem(page)) return page;
      const { sessions, unreadable, next } = page;
      return { sessions: sessions.map((session) => ({ handle: session.id, facts: factsOf(session) })), unreadable, next };
    },
    send: async (at, message, signal) => endedIf(at, await contract.send(at.session.handle, message, signal)),
    async history({ session }, after, signal) {
      // A session that is not there has an empty one: only `read` tells that it is gone.
      const messages = await contract.history(session.handle, signal);
      if (isProblem(messages)) return messages.code === 'NOT_FOUND' ? [] : messages;
      return after === null ? messages : messages.filter(({ createdAt }) => createdAt >= after);
    },
    ...(suggestions !== undefined && {
      suggestions: async (at, limit, signal) => endedIf(at, await suggestions(at.session.handle, limit, signal)),
    }),
  };
}
