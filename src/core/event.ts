import type { MemberId, MessageId, SessionId } from './ids.ts';
import type { Member } from './member.ts';
import type { Message } from './message.ts';

/** What happened, by reference: members and messages are read when the event is delivered. */
export type EventBody =
  | { readonly type: 'MEMBER_JOINED'; readonly memberId: MemberId }
  | { readonly type: 'MEMBER_LEFT'; readonly memberId: MemberId }
  | { readonly type: 'MEMBER_KICKED'; readonly memberId: MemberId; readonly byId: MemberId | null; readonly reason: string | null }
  | { readonly type: 'MESSAGE_ADDED'; readonly messageId: MessageId }
  | { readonly type: 'MESSAGES_CLEARED' }
  | { readonly type: 'SESSION_UPDATED'; readonly changed: readonly string[] }
  | { readonly type: 'SESSION_RENEWED'; readonly expiresAt: number | null }
  | { readonly type: 'SESSION_EXPIRING'; readonly secondsLeft: number }
  | { readonly type: 'SESSION_EXPIRED' }
  | { readonly type: 'SESSION_ENDED'; readonly byId: MemberId | null; readonly reason: string | null };

export type EventType = EventBody['type'];

/** One entry of a session's timeline. `seq` is gapless per session, from 1. */
export interface TimelineEvent {
  readonly sessionId: SessionId;
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly body: EventBody;
}

/** An event with what it refers to, read together with it. Null where that is gone: a message that was cleared. */
export interface StoredEvent extends TimelineEvent {
  readonly member: Member | null;
  readonly by: Member | null;
  readonly message: Message | null;
}

/** What a subscriber is given besides the timeline: the opening of its stream, and pieces of a reply in the making. */
export type TransientBody =
  | { readonly type: 'STREAM_OPENED'; readonly recovered: boolean }
  | { readonly type: 'REPLY_DELTA'; readonly messageId: MessageId; readonly text: string };

/** An event as delivered. For a transient one `seq` repeats the last number of the timeline. */
export interface LiveEvent extends Omit<StoredEvent, 'body'> {
  readonly body: EventBody | TransientBody;
}

export type LiveEventType = LiveEvent['body']['type'];
