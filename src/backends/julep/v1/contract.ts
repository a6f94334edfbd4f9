import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../core/ports.ts';
import { type Problem, isProblem, problem } from '../../../core/problem.ts';
import type { Outgoing, Sent, ServiceMessage } from '../../../core/service.ts';
import { joinSignals } from '../../shared/joined-signal.ts';
import { chatSettings } from '../chat-settings.ts';
import type { Calls } from '../client.ts';
import { type Contract, maxHistory } from '../contract.ts';
import { agentOf, nextPage, offsetOf, scalars } from '../mapping.ts';
import { agentShape, listOf } from '../wire.ts';
import { createFindEntry } from './entries.ts';
import { createBody, filterQuery, keptOf, messagesOf, sentRoles, sessionOf } from './mapping.ts';
import { readReply } from './reply.ts';
import { type WireSession, historyShape, sessionShape, sessionsShape } from './wire.ts';

// The document's limit is below 1,000.
const maxPage = 999;

const path = '/sessions/{id}';
const newestFirst = { sort_by: 'created_at', direction: 'desc' } as const;

/**
 * Julep's API v1 (its OpenAPI document 1.0.0, and the code of its branch `v1` where that differs): replies are streamed, and stored after
 * they were answered, under ids that the answer does not tell; sessions come without their agents.
 */
export function createV1(calls: Calls, clock: Clock): Contract & AsyncDisposable {
  const { name } = calls;
  const life = new AbortController();
  setMaxListeners(0, life.signal);

  async function history(id: string, signal?: AbortSignal): Promise<readonly ServiceMessage[] | Problem> {
    const said = await calls.read(historyShape, {
      method: 'GET',
      path: `${path}/history`,
      params: { id },
      operation: 'read the history',
      signal,
    });
    return isProblem(said) ? said : messagesOf(said.entries).slice(-maxHistory);
  }

  const read = (id: string, signal?: AbortSignal): Promise<WireSession | Problem> =>
    calls.read(sessionShape, { method: 'GET', path, params: { id }, operation: 'read the session', signal });

  const findEntry = createFindEntry({ clock, history });

  async function send(id: string, message: Outgoing, signal?: AbortSignal): Promise<Sent | Problem> {
    const settings = chatSettings('v1', message.options, name);
    if (isProblem(settings)) return settings;
    const { role, content, metadata, onDelta } = message;
    const call = metadata['tool_call_id'];
    const answered = role === 'TOOL' && typeof call === 'string' ? { tool_call_id: call } : {};
    const stream = await calls.stream({
      method: 'POST',
      path: `${path}/chat`,
      params: { id },
      body: {
        messages: [{ role: sentRoles[role], content, ...answered }],
        ...settings,
        // The service streams nothing while it runs tools by itself.
        stream: settings['auto_run_tools'] !== true,
      },
      operation: 'chat',
      signal,
    });
    if (isProblem(stream)) return stream;
    const either = joinSignals(signal ?? life.signal, life.signal);
    const reply = readReply(stream, {
      sessionId: id,
      saved: settings['save'] !== false,
      onDelta,
      findEntry,
      refusal: calls.chatRefusal,
      signal: either.signal,
    }).finally(() => either[Symbol.dispose]());
    return { id: null, facts: {}, reply };
  }

  return {
    features: { REPLY_STREAM: 'UPSTREAM', SUGGESTIONS: 'UNAVAILABLE' },
    takesIds: true,
    probe: (signal) =>
      calls.act({
        method: 'GET',
        path: '/sessions',
        query: { limit: 1, offset: 0, ...newestFirst },
        operation: 'look whether it is there',
        signal,
      }),
    async create(session, signal) {
      const body = createBody(session, name);
      if (isProblem(body)) return body;
      const operation = 'create the session';
      const { id, agentId } = session;
      const created = await calls.read(
        sessionShape,
        id === null
          ? { method: 'POST', path: '/sessions', body, operation, signal }
          : { method: 'POST', path, params: { id }, body, operation, signal },
      );
      return isProblem(created) ? created : { ...sessionOf(created), agentId };
    },
    async get(id, signal) {
      const session = await read(id, signal);
      return isProblem(session) ? session : sessionOf(session);
    },
    async list({ limit, page, filter }, signal) {
      const offset = offsetOf(page);
      const size = Math.min(Math.max(limit, 1), maxPage);
      const query = { limit: size, offset, ...newestFirst, ...filterQuery(scalars(filter.metadata)) };
      const rows = await calls.read(sessionsShape, { method: 'GET', path: '/sessions', query, operation: 'list sessions', signal });
      return isProblem(rows) ? rows : { sessions: rows.items.map(sessionOf), next: nextPage(offset, size, rows.items.length) };
    },
    patch: (id, body, signal) => calls.act({ method: 'PATCH', path, params: { id }, body, operation: 'change the session', signal }),
    async replace(id, whole, signal) {
      const before = await read(id, signal);
      if (isProblem(before)) return before;
      const body = { ...keptOf(before), ...whole };
      return calls.act({ method: 'PUT', path, params: { id }, body, operation: 'replace the session', signal });
    },
    remove: (id, signal) => calls.act({ method: 'DELETE', path, params: { id }, operation: 'delete the session', signal }),
    async clear(id, signal) {
      const operation = 'clear the history';
      const refused = await calls.act({ method: 'DELETE', path: `${path}/history`, params: { id }, operation, signal });
      // In the API's document, and in no release: what is not routed is refused by either code.
      if (refused?.code !== 'NOT_FOUND') return refused;
      return problem('UNSUPPORTED', `Backend ${name} does not clear histories.`, { backend: name });
    },
    send,
    history,
    async agents(signal) {
      const rows = await calls.read(listOf(agentShape), {
        method: 'GET',
        path: '/agents',
        query: { limit: maxPage, offset: 0, ...newestFirst },
        operation: 'list agents',
        signal,
      });
      return isProblem(rows) ? rows : rows.items.map(agentOf);
    },
    async [Symbol.asyncDispose]() {
      life.abort();
    },
  };
}
