import { BoundedMap } from '../bounded-map.ts';
import { idsOfMessage, mayComeAgain, withoutSent } from '../decide/ingest.ts';
import { type MessageId, messageIdFrom } from '../ids.ts';
import type { Message } from '../message.ts';
import type { Store } from '../ports.ts';
import { type Problem, isProblem } from '../problem.ts';
import { type Service, type ServiceMessage, type SessionAt, markOf } from '../service.ts';

/** A message whose sending went wrong in a way that leaves open whether the service has it. */
export interface Unsure {
  /** Its mark is made of it: another try is sent under the same one. */
  readonly messageId: MessageId;
  /** When it was first tried, epoch milliseconds. */
  readonly since: number;
}

/** A message that the service has, and the reply that follows it there. */
export interface FoundSent {
  /** Null = it is to be recorded under an id of the gateway's. */
  readonly id: string | null;
  readonly reply: ServiceMessage | null;
}

/** Finds out whether a message has come to the service though that was not answered, so that a repeated request does not send it twice. */
export interface SentBefore {
  /** @param request - Names the request: as it was sent, and as it comes again. */
  of(request: string): Unsure | null;
  remember(request: string, unsure: Unsure): void;
  forget(request: string): void;
  /** That a request was answered by the message: it is no other's. */
  answered(id: MessageId): void;
  /** Null = the service does not have it, or has no history to tell by. */
  find(service: Service, at: SessionAt, unsure: Unsure, said: Pick<Message, 'role' | 'content'>): Promise<FoundSent | null | Problem>;
}

/** Requests, and messages that have answered one. */
const remembered = 10_000;
/** Of the latest messages, compared by what they say. */
const compared = 1_000;
/** Clocks differ. */
const overlapMs = 5_000;

export function createSentBefore(store: Pick<Store, 'epoch' | 'messages'>, signal: AbortSignal): SentBefore {
  const unsures = new BoundedMap<string, Unsure>(remembered);
  const taken = new BoundedMap<MessageId, true>(remembered);

  /** The first of them that nobody has been answered with. */
  async function unclaimed(
    { session }: SessionAt,
    service: Service,
    candidates: readonly ServiceMessage[],
    since: number,
  ): Promise<{ readonly message: ServiceMessage; readonly isRecorded: boolean } | null> {
    const idOf = ({ id }: ServiceMessage): MessageId => messageIdFrom(session.id, id);
    const found = await store.messages.byIds(candidates.flatMap((message) => idsOfMessage(session, store.epoch, message)));
    const known = new Set(found.flatMap((message) => (message === null ? [] : [message.id])));
    const unknown = candidates.filter((message) => !known.has(idOf(message)));
    const [page] = service.matchesByContent
      ? await store.messages.list([{ sessionId: session.id, page: { limit: compared, fromEnd: true } }])
      : [];
    const sent = (page?.items ?? []).filter((message) => mayComeAgain(message, known));
    const isRecent = ({ createdAt }: ServiceMessage): boolean => createdAt >= since - overlapMs;
    const message = withoutSent(unknown, sent).find((each) => isRecent(each) && !taken.has(idOf(each)));
    if (message !== undefined) return { message, isRecorded: false };
    // Heard of meanwhile.
    const recorded = candidates.find((each) => known.has(idOf(each)) && isRecent(each) && !taken.has(idOf(each)));
    return recorded === undefined ? null : { message: recorded, isRecorded: true };
  }

  return {
    of: (request) => unsures.get(request) ?? null,
    remember: (request, unsure) => void unsures.set(request, unsure),
    forget: (request) => void unsures.delete(request),
    answered: (id) => void taken.set(id, true),
    async find(service, at, { messageId, since }, { role, content }) {
      if (service.history === undefined) return null;
      const messages = await service.history(at, service.matchesByContent ? null : since - overlapMs, signal);
      if (isProblem(messages)) return messages;
      const found = (message: ServiceMessage, id: string | null): FoundSent => {
        const next = messages[messages.indexOf(message) + 1];
        return { id, reply: next?.role === 'ASSISTANT' ? next : null };
      };
      const mark = markOf(store.epoch, messageId);
      const marked = messages.find((message) => message.mark === mark);
      if (marked !== undefined) return found(marked, marked.id);
      // Without a mark it is known by what it says, and who says so; where the service knows no members, by what it says alone.
      const isAlike = (message: ServiceMessage): boolean =>
        (message.mark ?? null) === null &&
        message.role === role &&
        message.content === content &&
        (service.matchesByContent || (message.author.id !== null && message.author.id === at.as?.id));
      const free = await unclaimed(at, service, messages.filter(isAlike), since);
      if (free === null) return null;
      const { message, isRecorded } = free;
      if (service.matchesByContent && !isRecorded) return found(message, null);
      taken.set(messageIdFrom(at.session.id, message.id), true);
      return found(message, message.id);
    },
  };
}
