import { encodeEventCursor } from '../../core/cursor.ts';
import type { MemberQuery, MessageQuery } from '../../core/queries.ts';
import { ProblemError, orThrow, problem } from '../../core/problem.ts';
import { statusAt } from '../../core/session.ts';
import type { RequestContext } from '../context.ts';
import type { SessionResolvers } from '../generated.ts';
import { memberCursors, messageCursors, suggestionCursors } from '../page-cursor.ts';
import { connectionOf, pageOf } from '../paging.ts';
import { agentIdOut } from './ids.ts';

/** Suggestions of a session that are read at the most: the newest. */
const suggestionsRead = 1_000;

function backendOf(name: string, { services }: RequestContext): NonNullable<ReturnType<typeof services.backends.get>> {
  const backend = services.backends.get(name);
  if (backend !== undefined) return backend;
  throw new ProblemError(problem('UPSTREAM_UNAVAILABLE', `The session is at backend ${name}, which is not configured here any more.`));
}

export const Session: SessionResolvers = {
  backend: ({ backend }, _, context) => backendOf(backend, context),
  status: (session, _, { now }) => statusAt(session, now),
  rules: (session) => ({ ...session.rules, session }),
  agentId: ({ agentId }) => (agentId === null ? null : agentIdOut(agentId)),
  cursor: ({ id, seq }, _, { services }) => encodeEventCursor({ epoch: services.store.epoch, sessionId: id, seq }),

  me: (session, _, context) => {
    const standing = context.standing(session);
    return standing instanceof Promise ? standing.then(({ member }) => member) : standing.member;
  },

  members: (session, { status, ...args }, { services, loaders }) => {
    const cursors = memberCursors(services.store.epoch, session.id);
    const page = pageOf(args, cursors, services.maxListSize);
    const query: MemberQuery = { sessionId: session.id, page, ...(status && { status }) };
    const found = loaders.memberPage(session, query);
    return found instanceof Promise ? found.then((read) => connectionOf(read, page, cursors)) : connectionOf(found, page, cursors);
  },

  messages: async (session, { channel, ...args }, context) => {
    const { services, loaders } = context;
    const cursors = messageCursors(services.store.epoch, session.id);
    const page = pageOf(args, cursors, services.maxListSize);
    const query: MessageQuery = { sessionId: session.id, page, ...(typeof channel === 'string' && { channel }) };
    // Only where a service keeps messages is there anything to compare.
    if (services.upstreams.isRemote(session)) {
      const failure = await context.history(session);
      if (failure !== null) throw new ProblemError(failure);
    }
    return connectionOf(await loaders.messagePages.load(query), page, cursors);
  },

  suggestions: async (session, args, context) => {
    const { upstreams, maxListSize, store } = context.services;
    const cursors = suggestionCursors(store.epoch, session.id);
    const page = pageOf(args, cursors, maxListSize);
    const { member } = await context.standing(session);
    const found = orThrow(await upstreams.suggestions(session, member, suggestionsRead));
    const rows = found.map((suggestion) => ({ session, suggestion }));
    const from = page.after === undefined ? 0 : rows.findIndex(({ suggestion }) => suggestion.id === page.after) + 1;
    const items = rows.slice(from, from + page.limit);
    return connectionOf({ items, hasMore: rows.length > from + page.limit, totalCount: rows.length }, page, cursors);
  },
};
