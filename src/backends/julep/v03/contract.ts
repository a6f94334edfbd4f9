import { type Problem, isProblem, problem } from '../../../core/problem.ts';
import type { Outgoing, Sent, ServiceMessage } from '../../../core/service.ts';
import { chatSettings } from '../chat-settings.ts';
import type { Calls } from '../client.ts';
import { type Contract, maxHistory } from '../contract.ts';
import { agentOf, nextPage, offsetOf, scalars } from '../mapping.ts';
import { agentShape, deletedShape, listOf } from '../wire.ts';
import { createBody, messageOf, sentRoles, sessionOf, suggestionOf } from './mapping.ts';
import { chatShape, createdShape, historyShape, sessionShape, sessionsShape, suggestionsShape, updatedShape } from './wire.ts';

const maxPage = 1_000;
/** Of one history: what is beyond is older than anybody asks for, and a service that repeats itself does not hold the gateway. */
const maxPages = 50;

const path = '/sessions/{session_id}';

/**
 * The agents API 0.3 (`agents-openapi.yaml` of the vendor's page, and the code of agents-api 0.3.4 where that differs): made sessions are
 * answered by their id alone, history comes from the beginning, and a chat's reply comes whole, under the id that history has.
 */
export function createV03(calls: Calls): Contract {
  const { name } = calls;

  async function history(id: string, signal?: AbortSignal): Promise<readonly ServiceMessage[] | Problem> {
    let newest: readonly ServiceMessage[] = [];
    for (let pages = 0; pages < maxPages; pages += 1) {
      const query = { limit: maxPage, offset: pages * maxPage };
      const page = await calls.read(historyShape, {
        method: 'GET',
        path: `${path}/history`,
        params: { session_id: id },
        query,
        operation: 'read the history',
        signal,
      });
      if (isProblem(page)) return page;
      newest = [...newest, ...page.items.rows.map(messageOf).filter(({ content }) => content !== '')].slice(-maxHistory);
      if (page.items.rows.length + page.items.unreadable < maxPage) break;
    }
    return newest;
  }

  async function send(id: string, message: Outgoing, signal?: AbortSignal): Promise<Sent | Problem> {
    const settings = chatSettings('v0.3', message.options, name);
    if (isProblem(settings)) return settings;
    if (message.role === 'TOOL') {
      return problem('UNSUPPORTED', `Backend ${name} takes no answers of tools: send them as USER or SYSTEM.`, {
        path: ['role'],
        backend: name,
      });
    }
    const said = await calls.chat(chatShape, {
      method: 'POST',
      path: `${path}/chat`,
      params: { session_id: id },
      body: { messages: [{ role: sentRoles[message.role], content: message.content }], ...settings },
      operation: 'chat',
      signal,
    });
    if (isProblem(said)) return said;
    const [choice = []] = said.response;
    const answer = choice.map(messageOf).findLast(({ role, content }) => role === 'ASSISTANT' && content !== '');
    const reply = answer ?? problem('UPSTREAM_FAILED', `Backend ${name} answered without a reply of the agent (chat).`, { backend: name });
    return { id: null, facts: {}, reply: Promise.resolve(reply) };
  }

  return {
    features: { REPLY_STREAM: 'UNAVAILABLE', SUGGESTIONS: 'UPSTREAM' },
    takesIds: false,
    probe: (signal) =>
      calls.act(sessionsShape, { method: 'GET', path: '/sessions', query: { limit: 1 }, operation: 'look whether it is there', signal }),
    async create(session, signal) {
      const body = createBody(session, name);
      if (isProblem(body)) return body;
      const created = await calls.read(createdShape, { method: 'POST', path: '/sessions', body, operation: 'create the session', signal });
      if (isProblem(created)) return created;
      const { agentId, situation, metadata } = session;
      return { id: created.id, agentId, situation, metadata: metadata ?? {}, createdAt: created.created_at };
    },
    async get(id, signal) {
      const session = await calls.read(sessionShape, {
        method: 'GET',
        path,
        params: { session_id: id },
        operation: 'read the session',
        signal,
      });
      return isProblem(session) ? session : sessionOf(session);
    },
    async list({ limit, page, filter }, signal) {
      const offset = offsetOf(page);
      const size = Math.min(Math.max(limit, 1), maxPage);
      const compared = scalars(filter.metadata);
      const query = {
        limit: size,
        offset,
        ...(Object.keys(compared).length > 0 && { metadata_filter: JSON.stringify(compared) }),
      };
      const said = await calls.read(sessionsShape, { method: 'GET', path: '/sessions', query, operation: 'list sessions', signal });
      if (isProblem(said)) return said;
      const { items } = said;
      const sessions = items.rows.map(sessionOf).filter(({ agentId }) => filter.agentId === null || agentId === filter.agentId);
      return { sessions, unreadable: items.unreadable, next: nextPage(offset, size, items) };
    },
    patch: (id, body, signal) =>
      calls.act(updatedShape, { method: 'PATCH', path, params: { session_id: id }, body, operation: 'change the session', signal }),
    replace: (id, body, signal) =>
      calls.act(updatedShape, { method: 'PUT', path, params: { session_id: id }, body, operation: 'replace the session', signal }),
    remove: (id, signal) =>
      calls.act(deletedShape, { method: 'DELETE', path, params: { session_id: id }, operation: 'delete the session', signal }),
    clear: (id, signal) =>
      calls.act(deletedShape, {
        method: 'DELETE',
        path: `${path}/history`,
        params: { session_id: id },
        operation: 'clear the history',
        optional: true,
        signal,
      }),
    send,
    history,
    async suggestions(id, limit, signal) {
      const said = await calls.read(suggestionsShape, {
        method: 'GET',
        path: `${path}/suggestions`,
        params: { session_id: id },
        query: { limit: Math.min(Math.max(limit, 1), maxPage), offset: 0 },
        operation: 'read suggestions',
        signal,
      });
      return isProblem(said) ? said : said.items.rows.map(suggestionOf).slice(0, limit);
    },
    async agents(signal) {
      const said = await calls.read(listOf(agentShape), {
        method: 'GET',
        path: '/agents',
        query: { limit: maxPage },
        operation: 'list agents',
        signal,
      });
      return isProblem(said) ? said : said.items.rows.map(agentOf);
    },
  };
}
