import { decideFacts } from '../decide/facts.ts';
import type { Eventually } from '../eventually.ts';
import type { SessionId } from '../ids.ts';
import type { Member } from '../member.ts';
import { sessionBy } from '../peek.ts';
import { type Problem, isProblem, problem } from '../problem.ts';
import type { Facts } from '../service.ts';
import type { Session } from '../session.ts';
import type { SessionChange } from '../commit.ts';
import type { UpstreamParts } from './parts.ts';

/** Keeps records true to their services. */
export interface Refresh {
  /**
   * The session as its service has it now, recorded where that is news. Reads of the same session at the same time are one. What has no
   * service, or is over, comes back as it is.
   */
  refresh(session: Session): Promise<Session | Problem>;
  /** Records facts that came without being asked for. */
  record(sessionId: SessionId, facts: Facts): Promise<Session | null>;
  /**
   * The session with facts that came with a list. They may be from before a change that is recorded by now, so that what would be news is
   * asked for once more.
   *
   * @param session - As read after the list came.
   */
  confirm(session: Session, facts: Facts): Promise<Session | Problem>;
  /** Decides on the session and who is in it, and commits, again where something else was faster. Null = there was nothing to write. */
  amend(
    sessionId: SessionId,
    decide: (session: Session, active: () => Promise<readonly Member[]>) => SessionChange | null | Promise<SessionChange | null>,
  ): Promise<Session | null>;
}

// Within one gateway changes take turns, so that only other gateways can get in between.
const maxTries = 32;
/** Members that are compared with the service's. */
const maxMembers = 10_000;

export function createRefresh({ store, bus, clock, backends, access, inTurn, schedule, signal }: UpstreamParts): Refresh {
  const reading = new Map<SessionId, Promise<Session | Problem>>();

  const sessionOf = (id: SessionId): Eventually<Session | null> => sessionBy(store, id);

  async function activeIn(id: SessionId): Promise<readonly Member[]> {
    const [page] = await store.members.list([{ sessionId: id, status: 'ACTIVE', page: { limit: maxMembers } }]);
    return page?.items ?? [];
  }

  /** False where another change was faster. */
  async function commit(change: SessionChange): Promise<boolean> {
    const outcome = await store.commit(change);
    if (outcome.kind !== 'committed') return outcome.kind !== 'conflict';
    if (change.events.length > 0) bus.publish({ sessionId: change.sessionId, seq: outcome.seq });
    if (typeof change.set.dueAt === 'number') schedule(change.sessionId, change.set.dueAt);
    return true;
  }

  const amend: Refresh['amend'] = (id, decide) => {
    const tryOn = async (): Promise<Session | null> => {
      for (let tries = 0; tries < maxTries; tries += 1) {
        const session = await sessionOf(id);
        if (session === null) return null;
        const change = await decide(session, () => activeIn(id));
        if (change === null) return session;
        if (await commit(change)) return sessionOf(id);
      }
      throw new Error(`Session ${id} is being changed by too many at once: what its service said was not recorded`);
    };
    // Not every service tells it again.
    return inTurn(id, tryOn, { patient: true });
  };

  /** What facts come to now; null = nothing. */
  async function decideNow(session: Session, facts: Facts): Promise<SessionChange | null> {
    return decideFacts({ session, now: clock.now() }, facts, facts.members === undefined ? [] : await activeIn(session.id));
  }

  /** What the service says now; null = there is none to be asked, or nobody in whose name. */
  async function ask(session: Session): Promise<Facts | Problem | null> {
    const service = backends.get(session.backend)?.service ?? null;
    if (service === null || session.status !== 'ACTIVE') return null;
    const at = await access.at(service, session, null);
    if (service.perMember && at.as?.secret == null) return null;
    const facts = await service.read(at, signal);
    // That a session is gone is no failure of reading it.
    return isProblem(facts) && (facts.code === 'EXPIRED' || facts.code === 'ENDED') ? { status: facts.code } : facts;
  }

  async function read(id: SessionId): Promise<Session | Problem> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const session = await sessionOf(id);
      if (session === null) throw new Error(`Session ${id} was there a moment ago`);
      const facts = await ask(session);
      if (facts === null) return session;
      if (isProblem(facts)) return facts;
      const change = await decideNow(session, facts);
      // What was read before another change may contradict it: only what was decided on the state as it is counts.
      if (change === null || (await inTurn(id, () => commit(change)))) return (await sessionOf(id)) ?? session;
    }
    return problem('CONFLICT', `Session ${id} is being changed by too many at once: try again.`, { retryAfterSeconds: 1 });
  }

  function refresh(session: Session): Promise<Session | Problem> {
    if (session.status !== 'ACTIVE' || (backends.get(session.backend)?.service ?? null) === null) return Promise.resolve(session);
    const under = reading.get(session.id);
    if (under !== undefined) return under;
    const work = read(session.id).finally(() => reading.delete(session.id));
    reading.set(session.id, work);
    return work;
  }

  return {
    amend,
    refresh,
    record: (id, facts) => amend(id, (session) => decideNow(session, facts)),
    async confirm(session, facts) {
      const news = await decideNow(session, facts);
      if (news === null) return session;
      if (news.guard.exclusive) return refresh(session);
      // Activity is by maximum, and cannot be out of date.
      await commit(news);
      return (await sessionOf(session.id)) ?? session;
    },
  };
}
