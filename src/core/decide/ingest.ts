import type { Member } from '../member.ts';
import { type MessageId, isFromService, messageIdFrom } from '../ids.ts';
import { maxFileMegabytes } from '../limits.ts';
import { type Attachment, type Message, filesOf } from '../message.ts';
import type { NewMessage, SessionChange } from '../commit.ts';
import { type ServiceMessage, markedId } from '../service.ts';
import type { Session } from '../session.ts';
import { type State, change, touchOf } from './state.ts';
import { underwayMs } from './underway.ts';

const maxFileBytes = maxFileMegabytes * 1_000_000;

/** The ids that a service's message can have in the store: its own again, where it was sent from here, or the one made from the service's. */
export function idsOfMessage(session: Pick<Session, 'id'>, epoch: string, { id, mark }: ServiceMessage): readonly MessageId[] {
  const marked = markedId(epoch, mark);
  const made = messageIdFrom(session.id, id);
  return marked === null ? [made] : [marked, made];
}

/** What a message says, where that is all it can be recognised by. */
export type Said = Pick<Message, 'role' | 'content'>;

export interface Ingestion {
  readonly messages: readonly ServiceMessage[];
  /** `Store.epoch` */
  readonly epoch: string;
  /** Those of the messages' ids that the store has. */
  readonly known: ReadonlySet<MessageId>;
  /** Messages of the session that may be among the service's under ids that sending did not tell; empty where it tells them. */
  readonly sent: readonly Said[];
  readonly active: readonly Member[];
  /** The message that all of these answer. */
  readonly inReplyTo: MessageId | null;
}

const isKnown = (session: Session, { epoch, known }: Pick<Ingestion, 'epoch' | 'known'>, message: ServiceMessage): boolean =>
  idsOfMessage(session, epoch, message).some((id) => known.has(id));

/** Those of the messages that are not in the store under any id, each once. */
export function unknownIn(session: Session, ingestion: Pick<Ingestion, 'messages' | 'epoch' | 'known'>): readonly ServiceMessage[] {
  const unknown = ingestion.messages.filter((message) => !isKnown(session, ingestion, message));
  return [...new Map(unknown.map((message) => [message.id, message])).values()];
}

/**
 * What of the store's messages may come from the service under another id: what was sent from here, and answers that came with the call.
 *
 * @param known - Ids that the service's messages were recognised by.
 */
export const mayComeAgain = ({ id, inReplyTo }: Pick<Message, 'id' | 'inReplyTo'>, known: ReadonlySet<MessageId>): boolean =>
  !known.has(id) && (!isFromService(id) || inReplyTo !== null);

/** Leaves out what was sent from here: as often as it was sent, a text is not news. */
export function withoutSent(messages: readonly ServiceMessage[], sent: readonly Said[]): readonly ServiceMessage[] {
  const keyOf = (role: string, content: string): string => `${role} ${content}`;
  const counts = new Map<string, number>();
  for (const { role, content } of sent) counts.set(keyOf(role, content), (counts.get(keyOf(role, content)) ?? 0) + 1);
  return messages.filter(({ role, content }) => {
    const key = keyOf(role, content);
    const left = counts.get(key) ?? 0;
    if (left > 0) counts.set(key, left - 1);
    return left === 0;
  });
}

/** As it is; without its size where that is more than any file may have, and would be counted. */
const countable = (attachment: Attachment): Attachment =>
  (attachment.sizeBytes ?? 0) > maxFileBytes ? { ...attachment, sizeBytes: null } : attachment;

/** Messages that the service has and the record has not; null = none. */
export function decideIngest(moment: Pick<State, 'session' | 'now'>, ingestion: Ingestion): SessionChange | null {
  const { session, now } = moment;
  const { epoch, active } = ingestion;
  if (session.status !== 'ACTIVE') return null;
  const clearedAt = session.upstream?.clearedAt ?? -Infinity;
  const isMarked = ({ mark, createdAt }: ServiceMessage): boolean => markedId(epoch, mark) !== null && now - createdAt <= underwayMs;
  const unknown = unknownIn(session, ingestion).filter((message) => message.createdAt > clearedAt && !isMarked(message));
  const news = withoutSent(unknown, ingestion.sent);
  if (news.length === 0) return null;
  const authors = new Map(active.flatMap(({ id, upstream }) => (upstream === null ? [] : [[upstream.id, id] as const])));
  const messages = news.map((message): NewMessage => {
    const { author, role, content, channel = null, attachments = [], metadata = {}, createdAt } = message;
    const [id = messageIdFrom(session.id, message.id)] = idsOfMessage(session, epoch, message);
    return {
      id,
      sessionId: session.id,
      authorId: author.id === null ? null : (authors.get(author.id) ?? null),
      role,
      content,
      channel,
      attachments: attachments.map(countable),
      metadata,
      options: {},
      inReplyTo: ingestion.inReplyTo,
      createdAt,
    };
  });
  // Activity is when it was said, not when it is heard of: reading an old history keeps no session alive.
  const at = Math.min(now, Math.max(...news.slice(-1_000).map(({ createdAt }) => createdAt)));
  return change(moment, {
    touch: at > session.lastActivityAt ? touchOf({ session, now: at }) : null,
    // Refused to nobody, but counted: the rules on files are about what is there.
    add: filesOf(messages.flatMap(({ attachments }) => attachments)),
    messages,
    events: messages.map(({ id }) => ({ type: 'MESSAGE_ADDED', messageId: id })),
  });
}
