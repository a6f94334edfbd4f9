import type { Clock } from '../../core/ports.ts';
import { type Problem, isProblem } from '../../core/problem.ts';
import type { Effects, Joiner, Service, SessionAt } from '../../core/service.ts';
import type { Adapter } from './adapter.ts';
import type { QuicksyncClient } from './client.ts';
import { createBody, endOf, factsFrom, joinedFrom, openedFrom } from './mapping.ts';
import { createRefused, isOfKey, isOver, joinRefused, needsMember, needsProof, refused } from './problems.ts';
import { type Refusal, isRefusal } from './refusal.ts';
import { changeOfFixed } from './settings.ts';
import { idShape, parsed } from './wire.ts';

export interface ServiceDeps {
  readonly name: string;
  readonly client: QuicksyncClient;
  readonly adapter: Adapter;
  readonly clock: Clock;
}

/** Sessions as the service has them: each the current one of a member's token, and read in that member's name. */
export type QuicksyncSessions = Pick<Service, 'open' | 'read'> & {
  readonly effects: Effects;
  /** How the gateway's key was refused by the last creation; null = it was not. Nothing else tells whether it is good. */
  readonly keyRefusal: () => string | null;
  /** The token to ask with. */
  readonly tokenOf: (at: SessionAt, action: string) => string | Problem;
  /** A refusal as a problem; `missing` is what 404 means where the session is still there. */
  readonly problemOf: (
    at: SessionAt,
    action: string,
    refusal: Refusal,
    missing: (refusal: Refusal) => Problem,
    signal?: AbortSignal,
  ) => Promise<Problem>;
};

export function createSessions({ name, client, adapter, clock }: ServiceDeps): QuicksyncSessions {
  let keyRefusal: string | null = null;
  const tokenOf = (at: SessionAt, action: string): string | Problem => at.as?.secret ?? needsMember(name, action);

  const problemOf: QuicksyncSessions['problemOf'] = async (at, action, refusal, missing, signal) => {
    const end = endOf(at, clock.now());
    // A session's token may run out with the session.
    if (refusal.status === 401 && end === 'EXPIRED') return isOver(name, end);
    if (refusal.status !== 404) return refused(name, action, refusal);
    const seen = await read(at, signal);
    if (isProblem(seen)) return seen;
    return seen.status === undefined || seen.status === 'ACTIVE' ? missing(refusal) : isOver(name, seen.status);
  };

  const read: Service['read'] = async (at, signal) => {
    const token = at.as?.secret ?? null;
    // Nobody to ask for: there is no other way to see a session.
    if (token === null) return {};
    const said = await client.current(token, signal);
    if (isProblem(said)) return said;
    if (!isRefusal(said)) return factsFrom(said, at, adapter);
    const end = endOf(at, clock.now());
    if (said.status === 404) return { status: end };
    // This membership is over. Of the session that says nothing, but where its time has come.
    if (said.status === 401) return end === 'EXPIRED' ? { status: end } : {};
    return refused(name, 'read the session', said);
  };

  const effects: Effects = {
    async join(at, joiner, signal) {
      if (joiner.walletProof === null) return needsProof(name, 'join a session');
      const said = await client.join(joiner.walletProof, { sessionId: at.session.handle, password: joiner.password }, signal);
      if (isProblem(said)) return said;
      if (!isRefusal(said)) return joinedFrom(said, at, adapter);
      return said.status === 404 ? isOver(name, endOf(at, clock.now())) : joinRefused(name, said, at);
    },
    async leave(at, signal) {
      if (at.as !== null && at.as.id === null) return {};
      const token = tokenOf(at, 'leave the session');
      if (typeof token !== 'string') return token;
      const said = await client.disconnect(token, signal);
      if (isProblem(said)) return said;
      // 401: the membership is over already.
      if (said === null || said.status === 401) return {};
      return problemOf(at, 'leave the session', said, (refusal) => refused(name, 'leave the session', refusal), signal);
    },
    async kick(at, target, signal) {
      // Whom the service does not know it need not remove.
      if (target.id === null) return {};
      const token = tokenOf(at, 'kick the member');
      if (typeof token !== 'string') return token;
      const said = await client.kick(token, adapter.kickBody(target.id), signal);
      if (said === null) return {};
      if (isProblem(said)) return said;
      if (said.status !== 404) return problemOf(at, 'kick the member', said, () => isOver(name, 'ENDED'), signal);
      const seen = await read(at, signal);
      if (isProblem(seen)) return seen;
      if (seen.status !== undefined && seen.status !== 'ACTIVE') return isOver(name, seen.status);
      // Gone already, unless it is still among those there.
      return seen.members?.some(({ id }) => id === target.id) ? refused(name, 'kick the member', said) : seen;
    },
    async end(at, signal) {
      const token = tokenOf(at, 'end the session');
      if (typeof token !== 'string') return token;
      const said = await client.end(token, signal);
      if (said === null) return {};
      if (isProblem(said)) return said;
      const over = said.status === 404 || (said.status === 401 && endOf(at, clock.now()) === 'EXPIRED');
      return over ? {} : refused(name, 'end the session', said);
    },
    settings: async (at, request) => changeOfFixed(at, request, name),
  };

  return {
    tokenOf,
    problemOf,
    read,
    effects,
    keyRefusal: () => keyRefusal,
    async open(request, signal) {
      const body = createBody(request, adapter, name);
      if (isProblem(body)) return body;
      const proof: Joiner['walletProof'] = request.creator.walletProof;
      if (proof === null) return needsProof(name, 'create a session');
      const said = await client.create(proof, body, signal);
      if (isProblem(said)) return said;
      if (isRefusal(said)) {
        const refusal = createRefused(name, said);
        if (isOfKey(said)) keyRefusal = refusal.detail;
        return refusal;
      }
      keyRefusal = null;
      const sessionId = parsed(idShape, said.sessionId, { name, operation: 'create the session' });
      return isProblem(sessionId) ? sessionId : openedFrom({ ...said, sessionId }, request, adapter);
    },
  };
}
