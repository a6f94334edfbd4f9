import type { Member } from '../member.ts';
import { type MessageId, messageIdFrom } from '../ids.ts';
import type { Message } from '../message.ts';
import type { NewMessage, SessionChange } from '../ports.ts';
import { type ServiceMessage, markedId } from '../service.ts';
import type { Session } from '../session.ts';
import { type State, change, touchOf } from './state.ts';

/** A message that carries the mark of this store is on the way into it for this long; after that its sender is taken to have died. */
const underwayMs = 60_000;

/** The id of a service's message in the store: its own again, where it was sent from here. */
export const idOfMessage = (session: Session, epoch: string, { id, mark }: ServiceMessage): MessageId =>
  markedId(epoch, mark) ?? messageIdFrom(session.id, id);

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

/** Leaves out what was sent from here: as often as it was sent, a text is not news. */
function withoutSent(messages: readonly ServiceMessage[], sent: readonly Said[]): readonly ServiceMessage[] {
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

/** Messages that the service has and the record has not; null = none. */
export function decideIngest(moment: Pick<State, 'session' | 'now'>, ingestion: Ingestion): SessionChange | null {
  const { session, now } = moment;
  const { epoch, known, active } = ingestion;
  if (session.status !== 'ACTIVE') return null;
  const clearedAt = session.upstream?.clearedAt ?? -Infinity;
  const seen = new Set(known);
  const unknown = ingestion.messages.filter((message) => {
    const id = idOfMessage(session, epoch, message);
    if (seen.has(id) || message.createdAt <= clearedAt) return false;
    seen.add(id);
    return markedId(epoch, message.mark) === null || now - message.createdAt > underwayMs;
  });
  const news = withoutSent(unknown, ingestion.sent);
  if (news.length === 0) return null;
  const messages = news.map((message): NewMessage => {
    const { author, role, content, channel = null, attachments = [], metadata = {}, createdAt } = message;
    return {
      id: idOfMessage(session, epoch, message),
      sessionId: session.id,
      authorId: author.id === null ? null : (active.find(({ upstream }) => upstream?.id === author.id)?.id ?? null),
      role,
      content,
      channel,
      attachments,
      metadata,
      options: {},
      inReplyTo: ingestion.inReplyTo,
      createdAt,
    };
  });
  return change(moment, {
    touch: touchOf(moment),
    messages,
    events: messages.map(({ id }) => ({ type: 'MESSAGE_ADDED', messageId: id })),
  });
}
