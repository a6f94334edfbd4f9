import { encodeEventCursor } from '../../core/cursor.ts';
import type { LiveEvent, LiveEventType } from '../../core/event.ts';
import type { Member } from '../../core/member.ts';
import type { Message } from '../../core/message.ts';
import type { RequestContext } from '../context.ts';
import type { Resolvers, SessionEventResolvers } from '../generated.ts';
import { sessionOf } from './message.ts';

/** `MEMBER_JOINED` is shown by `MemberJoined`. */
type Pascal<T extends string> = T extends `${infer Head}_${infer Tail}`
  ? `${Capitalize<Lowercase<Head>>}${Pascal<Tail>}`
  : Capitalize<Lowercase<T>>;

/** The object type that shows each type of event. */
const typeOfEvent: { readonly [T in LiveEventType]: Pascal<T> } = {
  STREAM_OPENED: 'StreamOpened',
  MEMBER_JOINED: 'MemberJoined',
  MEMBER_LEFT: 'MemberLeft',
  MEMBER_KICKED: 'MemberKicked',
  MESSAGE_ADDED: 'MessageAdded',
  MESSAGES_CLEARED: 'MessagesCleared',
  REPLY_DELTA: 'ReplyDelta',
  SESSION_UPDATED: 'SessionUpdated',
  SESSION_RENEWED: 'SessionRenewed',
  SESSION_EXPIRING: 'SessionExpiring',
  SESSION_EXPIRED: 'SessionExpired',
  SESSION_ENDED: 'SessionEnded',
};

type Body<T extends LiveEventType> = Extract<LiveEvent['body'], { readonly type: T }>;

/** The body of an event, whose type decided which object type's fields are asked for. */
const bodyOf = <T extends LiveEventType>(event: LiveEvent, _type: T): Body<T> => event.body as Body<T>;

const common = {
  cursor: ({ sessionId, seq }: LiveEvent, _: unknown, { services }: RequestContext) =>
    encodeEventCursor({ epoch: services.store.epoch, sessionId, seq }),
  occurredAt: ({ at }: LiveEvent) => at,
  session: ({ sessionId }: LiveEvent, _: unknown, context: RequestContext) => sessionOf(sessionId, context),
};

function subject({ member, seq, sessionId }: LiveEvent): Member {
  if (member === null) throw new Error(`Expected event ${seq} of session ${sessionId} to come with its member.`);
  return member;
}

function said({ message, seq, sessionId }: LiveEvent): Message {
  if (message === null) throw new Error(`Expected event ${seq} of session ${sessionId} to come with its message.`);
  return message;
}

export const SessionEvent: SessionEventResolvers = {
  __resolveType: ({ body }) => typeOfEvent[body.type],
};

export const events: Pick<Resolvers, Pascal<LiveEventType>> = {
  StreamOpened: { ...common, recovered: (event) => bodyOf(event, 'STREAM_OPENED').recovered },
  MemberJoined: { ...common, member: subject },
  MemberLeft: { ...common, member: subject },
  MemberKicked: { ...common, member: subject, reason: (event) => bodyOf(event, 'MEMBER_KICKED').reason },
  MessageAdded: { ...common, message: said },
  MessagesCleared: common,
  ReplyDelta: {
    ...common,
    messageId: (event) => bodyOf(event, 'REPLY_DELTA').messageId,
    text: (event) => bodyOf(event, 'REPLY_DELTA').text,
  },
  SessionUpdated: { ...common, changed: (event) => bodyOf(event, 'SESSION_UPDATED').changed },
  SessionRenewed: { ...common, expiresAt: (event) => bodyOf(event, 'SESSION_RENEWED').expiresAt },
  SessionExpiring: { ...common, secondsLeft: (event) => bodyOf(event, 'SESSION_EXPIRING').secondsLeft },
  SessionExpired: common,
  SessionEnded: { ...common, reason: (event) => bodyOf(event, 'SESSION_ENDED').reason },
};
