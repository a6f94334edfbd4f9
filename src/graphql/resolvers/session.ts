import { encodeEventCursor } from '../../core/cursor.ts';
import type { MemberQuery, MessageQuery } from '../../core/ports.ts';
import { ProblemError, problem } from '../../core/problem.ts';
import { statusAt } from '../../core/session.ts';
import type { RequestContext } from '../context.ts';
import type { SessionResolvers } from '../generated.ts';
import { memberCursors, messageCursors } from '../page-cursor.ts';
import { connectionOf, pageOf } from '../paging.ts';
import { agentIdOut } from './ids.ts';

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

  messages: (session, { channel, ...args }, { services, loaders }) => {
    const cursors = messageCursors(services.store.epoch, session.id);
    const page = pageOf(args, cursors, services.maxListSize);
    const query: MessageQuery = { sessionId: session.id, page, ...(typeof channel === 'string' && { channel }) };
    return loaders.messagePages.load(query).then((found) => connectionOf(found, page, cursors));
  },

  suggestions: ({ backend }) => {
    throw new ProblemError(
      problem('UNSUPPORTED', `Backend ${backend} has no suggestions: see SUGGESTIONS in \`Backend.features\`.`, { backend }),
    );
  },
};
