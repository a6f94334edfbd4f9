import type { Clock } from '../../../core/ports.ts';
import { type Problem, isProblem } from '../../../core/problem.ts';
import { isTooDeep } from '../../shared/depth.ts';
import type { Calls } from '../client.ts';
import { type Contract, maxHistory } from '../contract.ts';
import { agentOf, nextPage, offsetOf, scalars } from '../mapping.ts';
import { agentShape, deletedShape, listOf, tooDeep } from '../wire.ts';
import { createBody, filterQuery, inOrder, keptOf, messagesOf, sessionOf } from './mapping.ts';
import { createReplyIds } from './reply-ids.ts';
import { createSend } from './send.ts';
import { type WireEntry, type WireSession, historyShape, sessionShape, sessionsShape } from './wire.ts';

// The document's limit is below 1,000.
const maxPage = 999;

const path = '/sessions/{id}';
const newestFirst = { sort_by: 'created_at', direction: 'desc' } as const;

/**
 * Julep's API v1 (its OpenAPI document 1.0.0, and the code of its branch `v1` where that differs): replies are streamed, and stored
 * when they have been answered, under ids that the answer does not tell; sessions come without their agents.
 */
export function createV1(calls: Calls, clock: Clock): Contract {
  const { name } = calls;

  async function entries(id: string, signal?: AbortSignal): Promise<readonly WireEntry[] | Problem> {
    const said = await calls.read(historyShape, {
      method: 'GET',
      path: `${path}/history`,
      params: { id },
      operation: 'read the history',
      signal,
    });
    return isProblem(said) ? said : inOrder(said.entries.rows);
  }

  const read = (id: string, signal?: AbortSignal): Promise<WireSession | Problem> =>
    calls.read(sessionShape, { method: 'GET', path, params: { id }, operation: 'read the session', signal });

  const replyIds = createReplyIds({ clock, entries });

  return {
    features: { REPLY_STREAM: 'UPSTREAM', SUGGESTIONS: 'UNAVAILABLE' },
    takesIds: true,
    probe: (signal) =>
      calls.act(sessionsShape, {
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
      const said = await calls.read(sessionsShape, { method: 'GET', path: '/sessions', query, operation: 'list sessions', signal });
      if (isProblem(said)) return said;
      const { items } = said;
      return { sessions: items.rows.map(sessionOf), unreadable: items.unreadable, next: nextPage(offset, size, items) };
    },
    patch: (id, body, signal) =>
      calls.act(sessionShape, { method: 'PATCH', path, params: { id }, body, operation: 'change the session', signal }),
    async replace(id, whole, signal) {
      const before = await read(id, signal);
      if (isProblem(before)) return before;
      const kept = keptOf(before);
      if (isTooDeep(kept)) return tooDeep(name, 'settings');
      const body = { ...kept, ...whole };
      return calls.act(sessionShape, { method: 'PUT', path, params: { id }, body, operation: 'replace the session', signal });
    },
    remove: (id, signal) => calls.act(deletedShape, { method: 'DELETE', path, params: { id }, operation: 'delete the session', signal }),
    // In the API's document, and in no release.
    async clear(id, signal) {
      const refused = await calls.act(deletedShape, {
        method: 'DELETE',
        path: `${path}/history`,
        params: { id },
        operation: 'clear the history',
        optional: true,
        signal,
      });
      if (refused === null) replyIds.forget(id);
      return refused;
    },
    send: createSend({ calls, replyIds }),
    async history(id, signal) {
      const all = await entries(id, signal);
      return isProblem(all) ? all : messagesOf(all).slice(-maxHistory);
    },
    async agents(signal) {
      const said = await calls.read(listOf(agentShape), {
        method: 'GET',
        path: '/agents',
        query: { limit: maxPage, offset: 0, ...newestFirst },
        operation: 'list agents',
        signal,
      });
      return isProblem(said) ? said : said.items.rows.map(agentOf);
    },
  };
}
