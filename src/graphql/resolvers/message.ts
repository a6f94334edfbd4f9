import type { SessionId } from '../../core/ids.ts';
import type { Session } from '../../core/session.ts';
import type { RequestContext } from '../context.ts';
import type { MessageResolvers } from '../generated.ts';

/** The session that a row refers to. Sessions stay, so that there always is one. */
export async function sessionOf(id: SessionId, { loaders }: RequestContext): Promise<Session> {
  const session = await loaders.sessions.load(id);
  if (session === null) throw new Error(`Expected session ${id} to be in the store, found none.`);
  return session;
}

export const Message: MessageResolvers = {
  session: ({ sessionId }, _, context) => sessionOf(sessionId, context),
  author: ({ authorId }, _, { loaders }) => (authorId === null ? null : loaders.members.load(authorId)),
  inReplyTo: ({ inReplyTo }, _, { loaders }) => (inReplyTo === null ? null : loaders.messages.load(inReplyTo)),
};
