import type { Backend } from '../../core/backend.ts';
import { object } from '../../core/checks.ts';
import { type MemberId, type MessageId, type SessionId, idPrefixes, kindOfId, nameInId } from '../../core/ids.ts';
import type { Member } from '../../core/member.ts';
import type { Message } from '../../core/message.ts';
import type { SessionQuery } from '../../core/queries.ts';
import { ProblemError, orThrow, problem } from '../../core/problem.ts';
import type { Session } from '../../core/session.ts';
import { principalOf, serviceCreator } from '../../core/viewer.ts';
import { andThen } from '../../core/eventually.ts';
import type { RequestContext } from '../context.ts';
import type { NodeResolvers, QueryResolvers, SessionFilter } from '../generated.ts';
import { sessionCursors } from '../page-cursor.ts';
import { pageOf } from '../paging.ts';
import { listSessions } from '../session-list.ts';
import { agentIdIn, backendName, sessionIdIn, unknownBackend, wrongId } from './ids.ts';

type AnyNode = Backend | Session | Member | Message;

// Checked by kindOfId, which a type cannot follow.
async function nodeBy(argument: string, id: string, context: RequestContext): Promise<AnyNode | null> {
  const { loaders, services } = context;
  switch (kindOfId(id)) {
    case 'Session':
      return loaders.sessions.load(id as SessionId).then((session) => context.current(session));
    case 'Member':
      return loaders.members.load(id as MemberId);
    case 'Message':
      return loaders.messages.load(id as MessageId);
    case 'Backend':
      return services.backends.get(nameInId(id)) ?? null;
    case 'Agent':
    case 'Suggestion':
    case null:
      throw new ProblemError(wrongId(argument, 'a Backend, Session, Member or Message', id));
  }
}

function namesOf(ids: readonly string[], context: RequestContext): readonly string[] {
  return ids.map((id) => {
    const name = backendName(id, context);
    if (name !== null) return name;
    throw new ProblemError(unknownBackend('filter.backends', id, context));
  });
}

/** What the caller may find: what is public, and what it has a part in. */
const audienceOf = ({ caller: { viewer }, services }: RequestContext, mine: boolean): SessionQuery['audience'] => ({
  public: !mine,
  principal: principalOf(viewer),
  sessionId: viewer.kind === 'MEMBER' ? viewer.member.sessionId : null,
  // API keys act for sessions that were made at a service itself, though they are nobody's own.
  ...(viewer.kind === 'API_KEY' && !mine && { creators: [...services.backends.keys()].map(serviceCreator) }),
});

function queryOf(filter: SessionFilter, page: SessionQuery['page'], context: RequestContext): SessionQuery {
  const { backends, status, visibility, agentId, metadata } = filter;
  const { objectBytes, objectDepth } = context.services.sessionLimits;
  orThrow(object(['filter', 'metadata'], metadata, objectBytes, objectDepth));
  return {
    page,
    audience: audienceOf(context, filter.mine === true),
    ...(backends && { backends: namesOf(backends, context) }),
    ...(status && { statuses: status }),
    ...(visibility && { visibilities: visibility }),
    ...(typeof agentId === 'string' && { agentId: agentIdIn(agentId) }),
    ...(metadata && { metadata }),
    now: context.now,
  };
}

export const Query: QueryResolvers = {
  viewer: (_parent, _args, { caller }) => caller,
  backends: (_parent, _args, { services }) => [...services.backends.values()],
  node: (_, { id }, context) => nodeBy('id', id, context),

  nodes: (_, { ids }, context) => {
    const { maxListSize } = context.services;
    if (ids.length > maxListSize) {
      throw new ProblemError(
        problem('BAD_INPUT', `Expected \`ids\` to have at most ${maxListSize} entries, got ${ids.length}.`, { path: ['ids'] }),
      );
    }
    return Promise.all(ids.map((id, index) => nodeBy(`ids.${index}`, id, context)));
  },

  session: (_, { id }, context) => andThen(context.loaders.sessions.find(sessionIdIn('id', id)), (session) => context.current(session)),

  sessionByHandle: (_, { backend, handle }, context) => {
    const name = backendName(backend, context);
    if (name !== null) return context.byHandle(name, handle);
    throw new ProblemError(unknownBackend('backend', backend, context));
  },

  currentSession: (_parent, _args, context) => {
    const { currentSessionId } = context.caller;
    return currentSessionId === null
      ? null
      : andThen(context.loaders.sessions.find(currentSessionId), (session) => context.current(session));
  },

  sessions: async (_, { first, after, filter }, context) => {
    const { store, maxListSize } = context.services;
    const cursors = sessionCursors(store.epoch);
    const page = pageOf({ first, after }, cursors, maxListSize);
    return listSessions(queryOf(filter ?? {}, page, context), cursors, context);
  },
};

const kindNames = Object.fromEntries(Object.keys(idPrefixes).map((kind) => [kind, kind]));

export const Node: NodeResolvers = {
  __resolveType: (node) =>
    ('id' in node ? kindNames[kindOfId(node.id) ?? 'Backend'] : 'Backend') as 'Backend' | 'Session' | 'Member' | 'Message',
};
