import { BoundedMap } from '../bounded-map.ts';
import { commitAgain } from '../commit-again.ts';
import { decideFacts } from '../decide/facts.ts';
import { type Ingestion, type Said, decideIngest, idsOfMessage, mayComeAgain, unknownIn } from '../decide/ingest.ts';
import type { MessageId, SessionId } from '../ids.ts';
import { type Awaited, type Exchange, decideUnderway, isUnderway, withUnderway } from '../decide/underway.ts';
import { createLatecomers } from '../latecomers.ts';
import type { Member } from '../member.ts';
import type { SessionChange } from '../commit.ts';
import { type Problem, isProblem } from '../problem.ts';
import { createSerializer } from '../serializer.ts';
import type { ServiceMember, ServiceMessage } from '../service.ts';
import type { Session } from '../session.ts';
import { sleepUntil } from '../sleep.ts';
import { type Expected, createHeldBack } from './held-back.ts';
import type { UpstreamParts } from './parts.ts';
import type { Refresh } from './refresh.ts';

/** Brings onto the timeline what happened at a service: once, whoever hears of it and however often. */
export interface Ingest {
  /** Says that a message is on its way to the service, or an answer to it on its way back, until it is recorded (disposed). */
  expecting(sessionId: SessionId, expected: Expected): Disposable;
  /**
   * Says the same to the gateways that share the store, and they wait as this one does. `gone` is the sending of which nothing more is
   * expected by others, or not this.
   */
  announce(sessionId: SessionId, gone: MessageId, next: readonly Awaited[]): Promise<void>;
  /** What was heard of. What may be among the expected is recorded when that is. */
  messages(sessionId: SessionId, messages: readonly ServiceMessage[]): Promise<void>;
  /** The answer to a message, as it came with the call that sent it; nothing more is expected by others. */
  reply(sessionId: SessionId, reply: ServiceMessage, inReplyTo: MessageId): Promise<void>;
  joined(sessionId: SessionId, member: ServiceMember): Promise<void>;
  left(sessionId: SessionId, serviceId: string): Promise<void>;
  /** Compares the service's history with the record. Null = done; what has no history at its service is done at once. */
  history(session: Session): Promise<Problem | null>;
  /** When the latest of what the service has was said, by its own clock, which is not ours; null = it has nothing, undefined = it could not say. */
  saidUntil(session: Session): Promise<number | null | undefined>;
}

/** How many of the latest messages are compared by what they say, where the service does not tell its ids. */
const comparedByContent = 1_000;
/** So many of them are only there in case that clocks differ: what is older than the rest has been compared before. */
const margin = 100;
/** Sessions of which it is remembered how far their history has been seen. */
const remembered = 10_000;
/** What may be another gateway's is looked at again after this. */
const lookMs = 250;
/** Clocks of a service's parts differ, and are set: so much is read again. */
const overlapMs = 60_000;
/** Clocks that differ by more are none. */
const farMs = 86_400_000;
/** And from time to time all of it, for what was said by a clock that was set back further. */
const rememberedMs = 600_000;

/** How far a history has been seen, by the service's clock, and since when that is remembered, by ours. */
interface Seen {
  readonly until: number;
  readonly since: number;
}

/** Announcements of one session that wait for their turn. */
interface Batch {
  readonly exchanges: Exchange[];
  /** Of all of them. */
  readonly told: Promise<void>;
}

export function createIngest(parts: UpstreamParts, { amend }: Pick<Refresh, 'amend'>): Ingest {
  const { store, clock, backends, access, signal, background } = parts;
  const telling = new Map<SessionId, Batch>();
  // Apart from the turns of changes: a sending that has one of those tells what it sends.
  const tellInTurn = createSerializer();
  const comparing = createLatecomers();
  const seen = new BoundedMap<SessionId, Seen>(remembered);
  const held = createHeldBack(clock, (sessionId, messages) => {
    background(take(sessionId, messages));
  });

  async function knownOf(session: Session, messages: readonly ServiceMessage[]): Promise<ReadonlySet<MessageId>> {
    const found = await store.messages.byIds(messages.flatMap((message) => idsOfMessage(session, store.epoch, message)));
    return new Set(found.flatMap((message) => (message === null ? [] : [message.id])));
  }

  /** What the store has that the service may have under ids of which it told nothing, and from when on that is all of it. */
  async function sentIn(
    session: Session,
    known: ReadonlySet<MessageId>,
  ): Promise<{ readonly sent: readonly Said[]; readonly from: number }> {
    if (!backends.get(session.backend)?.service?.matchesByContent) return { sent: [], from: -Infinity };
    const [page] = await store.messages.list([{ sessionId: session.id, page: { limit: comparedByContent, fromEnd: true } }]);
    const items = page?.items ?? [];
    const from = page?.hasMore ? (items[margin]?.createdAt ?? -Infinity) : -Infinity;
    return { sent: items.filter((message) => mayComeAgain(message, known)), from };
  }

  const decide = (
    session: Session,
    messages: readonly ServiceMessage[],
    more: Omit<Ingestion, 'messages' | 'epoch'>,
  ): SessionChange | null => decideIngest({ session, now: clock.now() }, { messages, epoch: store.epoch, ...more });

  /** What is announced until its turn comes is told in one commit, and fails together. */
  function startBatch(sessionId: SessionId): Batch {
    const exchanges: Exchange[] = [];
    const begin = (): Promise<void> => {
      telling.delete(sessionId);
      return tell(sessionId, exchanges);
    };
    const batch = { exchanges, told: tellInTurn(sessionId, begin, { patient: true }) };
    telling.set(sessionId, batch);
    return batch;
  }

  async function tell(sessionId: SessionId, exchanges: readonly Exchange[]): Promise<void> {
    if (await commitAgain(store, sessionId, (session) => decideUnderway(session, clock.now(), exchanges))) return;
    throw new Error(`Session ${sessionId} is being changed by too many at once: what is under way could not be told`);
  }

  /** Holds back what another gateway is about to record, or not: nobody tells when. */
  function waitForOthers(sessionId: SessionId, first: ServiceMessage, waiting: readonly ServiceMessage[]): void {
    const look = held.expect(sessionId, first);
    held.hold(sessionId, waiting);
    const later = sleepUntil(clock, clock.now() + lookMs, signal);
    background(later.catch(() => {}).finally(() => look[Symbol.dispose]()));
  }

  async function take(sessionId: SessionId, messages: readonly ServiceMessage[]): Promise<void> {
    if (signal.aborted || messages.length === 0 || held.joins(sessionId, messages)) return;
    let waiting: readonly ServiceMessage[] = [];
    let isOthers = false;
    await amend(sessionId, async (session, activeIn) => {
      const known = await knownOf(session, messages);
      const { sent, from } = await sentIn(session, known);
      const unknown = unknownIn(session, { messages, epoch: store.epoch, known }).filter(({ createdAt }) => createdAt >= from);
      const isOthersNow = (message: ServiceMessage): boolean =>
        isUnderway(session, clock.now(), message, held.isPatient(sessionId, message));
      const first = unknown.findIndex((message) => held.isExpected(sessionId, message) || isOthersNow(message));
      const now = first < 0 ? unknown : unknown.slice(0, first);
      isOthers = unknown.slice(first, first + 1).some(isOthersNow);
      // In their order: what comes after one that waits waits with it.
      waiting = unknown.slice(now.length);
      return now.length === 0 ? null : decide(session, now, { known, sent, active: await activeIn(), inReplyTo: null });
    });
    const [first] = waiting;
    if (first === undefined || held.hold(sessionId, waiting)) return;
    if (isOthers) waitForOthers(sessionId, first, waiting);
    // Recorded meanwhile.
    else await take(sessionId, waiting);
  }

  const asSaid = (active: readonly Member[]): readonly ServiceMember[] =>
    active.flatMap(({ upstream, name, address, role }) => (upstream === null ? [] : [{ id: upstream.id, name, address, role }]));

  async function recordMembers(sessionId: SessionId, members: (said: readonly ServiceMember[]) => readonly ServiceMember[]): Promise<void> {
    await amend(sessionId, async (session, activeIn) => {
      const active = await activeIn();
      return decideFacts({ session, now: clock.now() }, { members: members(asSaid(active)) }, active);
    });
  }

  /** What the service has that may be news; null = it keeps no history, or there is nobody in whose name it could be asked. */
  async function recall(session: Session): Promise<{ readonly messages: readonly ServiceMessage[]; readonly seen: Seen } | null | Problem> {
    const service = backends.get(session.backend)?.service ?? null;
    if (service?.history === undefined) return null;
    const at = await access.at(service, session, null);
    if (service.perMember && at.as?.secret == null) return null;
    const now = clock.now();
    const known = service.matchesByContent ? undefined : seen.get(session.id);
    const before = known !== undefined && now - known.since < rememberedMs ? known : null;
    const messages = await service.history(at, before === null ? null : before.until - overlapMs, signal);
    if (isProblem(messages)) return messages;
    const until = Math.max(before?.until ?? -Infinity, ...messages.slice(-1_000).map(({ createdAt }) => createdAt));
    return { messages, seen: { until, since: before?.since ?? now } };
  }

  async function compare(session: Session): Promise<Problem | null> {
    if (session.status !== 'ACTIVE') return null;
    const answer = await recall(session);
    if (answer === null) return null;
    if (isProblem(answer)) {
      const { code: status } = answer;
      if (status !== 'EXPIRED' && status !== 'ENDED') return answer;
      await amend(session.id, (now) => decideFacts({ session: now, now: clock.now() }, { status }));
      return null;
    }
    await take(session.id, answer.messages);
    const { until, since } = answer.seen;
    // What is held back may still come to nothing, and is then to be found again. A date to come hides nothing that is said until then.
    if (Number.isFinite(until) && !held.isHolding(session.id)) seen.set(session.id, { until: Math.min(until, clock.now()), since });
    return null;
  }

  return {
    expecting: (sessionId, expected) => held.expect(sessionId, expected),
    announce(sessionId, gone, next) {
      const batch = telling.get(sessionId) ?? startBatch(sessionId);
      batch.exchanges.push({ gone, next });
      return batch.told;
    },
    messages: take,
    async reply(sessionId, reply, inReplyTo) {
      await amend(sessionId, async (session, activeIn) => {
        const known = await knownOf(session, [reply]);
        const change = decide(session, [reply], { known, sent: [], active: await activeIn(), inReplyTo });
        const told = session.upstream?.underway?.some(({ id }) => id === inReplyTo);
        if (change !== null) return withUnderway(change, session, { gone: inReplyTo, next: [] });
        return told ? decideUnderway(session, clock.now(), [{ gone: inReplyTo, next: [] }]) : null;
      });
    },
    joined: (sessionId, member) => recordMembers(sessionId, (said) => [...said.filter(({ id }) => id !== member.id), member]),
    left: (sessionId, serviceId) => recordMembers(sessionId, (said) => said.filter(({ id }) => id !== serviceId)),
    history: (session) => comparing(session.id, () => compare(session)),
    async saidUntil(session) {
      const service = backends.get(session.backend)?.service ?? null;
      if (service?.history === undefined) return null;
      const answer = await recall(session);
      if (answer === null || isProblem(answer)) return undefined;
      const { until } = answer.seen;
      // By a date that is further off than clocks differ nothing would be new for ever.
      if (until > clock.now() + farMs) return undefined;
      return Number.isFinite(until) ? until : null;
    },
  };
}
