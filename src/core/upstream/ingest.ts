import { decideFacts } from '../decide/facts.ts';
import { type Said, decideIngest, idOfMessage } from '../decide/ingest.ts';
import { type MessageId, type SessionId, isFromService } from '../ids.ts';
import type { Member } from '../member.ts';
import { type Problem, isProblem } from '../problem.ts';
import type { ServiceMember, ServiceMessage } from '../service.ts';
import type { Session } from '../session.ts';
import { createSerializer } from '../serializer.ts';
import type { UpstreamParts } from './parts.ts';
import type { Refresh } from './refresh.ts';

/** Brings onto the timeline what happened at a service: once, whoever hears of it and however often. */
export interface Ingest {
  /** Says that a message is on its way to the service, until it is recorded (disposed). */
  sending(sessionId: SessionId, said: Said): Disposable;
  /** @param inReplyTo - The message that these answer. @default null */
  messages(sessionId: SessionId, messages: readonly ServiceMessage[], inReplyTo?: MessageId | null): Promise<void>;
  joined(sessionId: SessionId, member: ServiceMember): Promise<void>;
  left(sessionId: SessionId, serviceId: string): Promise<void>;
  /** Compares the service's history with the record. Null = done; what has no history at its service is done at once. */
  history(session: Session): Promise<Problem | null>;
}

/** How many of the latest messages are compared by what they say, where the service does not tell its ids. */
const comparedByContent = 1_000;
/** Sessions of which it is remembered how far their history has been seen. */
const remembered = 10_000;
/** Clocks of a service's parts differ: so much is read again. */
const overlapMs = 5_000;

export function createIngest(parts: UpstreamParts, { amend }: Pick<Refresh, 'amend'>): Ingest {
  const { store, clock, backends, access, signal } = parts;
  const comparing = createSerializer();
  const underway = new Map<SessionId, Set<Said>>();
  const seenUntil = new Map<SessionId, number>();

  function remember(sessionId: SessionId, messages: readonly ServiceMessage[]): void {
    const latest = messages.reduce((max, { createdAt }) => Math.max(max, createdAt), seenUntil.get(sessionId) ?? -Infinity);
    if (!Number.isFinite(latest)) return;
    seenUntil.delete(sessionId);
    seenUntil.set(sessionId, latest);
    const [oldest] = seenUntil.keys();
    if (seenUntil.size > remembered && oldest !== undefined) seenUntil.delete(oldest);
  }

  /** What was sent from here, and is sent at the moment: the service may have that already. */
  async function sentIn(session: Session): Promise<readonly Said[]> {
    const now = [...(underway.get(session.id) ?? [])];
    if (!backends.get(session.backend)?.service?.matchesByContent) return now;
    const [page] = await store.messages.list([{ sessionId: session.id, page: { limit: comparedByContent, fromEnd: true } }]);
    return [...(page?.items ?? []).filter(({ id }) => !isFromService(id)), ...now];
  }

  async function take(sessionId: SessionId, messages: readonly ServiceMessage[], inReplyTo: MessageId | null): Promise<void> {
    if (messages.length === 0) return;
    await amend(sessionId, async (session, active) => {
      const found = await store.messages.byIds(messages.map((message) => idOfMessage(session, store.epoch, message)));
      const known = new Set(found.flatMap((message) => (message === null ? [] : [message.id])));
      const sent = known.size === messages.length ? [] : await sentIn(session);
      return decideIngest({ session, now: clock.now() }, { messages, epoch: store.epoch, known, sent, active, inReplyTo });
    });
  }

  const asSaid = (active: readonly Member[]): readonly ServiceMember[] =>
    active.flatMap(({ upstream, name, address, role }) => (upstream === null ? [] : [{ id: upstream.id, name, address, role }]));

  return {
    sending(sessionId, said) {
      const here = underway.get(sessionId) ?? new Set<Said>();
      underway.set(sessionId, here.add(said));
      return {
        [Symbol.dispose]() {
          here.delete(said);
          if (here.size === 0 && underway.get(sessionId) === here) underway.delete(sessionId);
        },
      };
    },
    messages: (sessionId, messages, inReplyTo = null) => take(sessionId, messages, inReplyTo),
    async joined(sessionId, member) {
      await amend(sessionId, (session, active) =>
        decideFacts({ session, now: clock.now() }, { members: [...asSaid(active).filter(({ id }) => id !== member.id), member] }, active),
      );
    },
    async left(sessionId, serviceId) {
      await amend(sessionId, (session, active) =>
        decideFacts({ session, now: clock.now() }, { members: asSaid(active).filter(({ id }) => id !== serviceId) }, active),
      );
    },
    history: (session) =>
      comparing(session.id, async () => {
        const service = backends.get(session.backend)?.service ?? null;
        if (service?.history === undefined || session.status !== 'ACTIVE') return null;
        const at = await access.at(service, session, null);
        if (service.perMember && at.as?.secret == null) return null;
        const until = service.matchesByContent ? undefined : seenUntil.get(session.id);
        const messages = await service.history(at, until === undefined ? null : until - overlapMs, signal);
        if (isProblem(messages)) return messages;
        await take(session.id, messages, null);
        remember(session.id, messages);
        return null;
      }),
  };
}
