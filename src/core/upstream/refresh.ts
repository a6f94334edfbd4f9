import { decideFacts } from '../decide/facts.ts';
import type { SessionId } from '../ids.ts';
import type { Member } from '../member.ts';
import { type Problem, isProblem } from '../problem.ts';
import type { Facts } from '../service.ts';
import type { Session } from '../session.ts';
import type { SessionChange } from '../ports.ts';
import type { UpstreamParts } from './parts.ts';

/** Keeps records true to their services. */
export interface Refresh {
  /**
   * The session as its service has it now, recorded where that is news. Reads of the same session at the same time are one. What has no
   * service, or is over, comes back as it is.
   */
  refresh(session: Session): Promise<Session | Problem>;
  /** Records facts that came without being asked for, or with a list. */
  record(sessionId: SessionId, facts: Facts): Promise<Session | null>;
  /** Decides on the session and who is in it, and commits, again where something else was faster. Null = there was nothing to write. */
  amend(
    sessionId: SessionId,
    decide: (session: Session, active: readonly Member[]) => SessionChange | null | Promise<SessionChange | null>,
  ): Promise<Session | null>;
}

const maxTries = 8;
/** Members that are compared with the service's. */
const maxMembers = 10_000;

export function createRefresh({ store, bus, clock, backends, access, inTurn, schedule, signal }: UpstreamParts): Refresh {
  const reading = new Map<SessionId, Promise<Session | Problem>>();

  async function sessionOf(id: SessionId): Promise<Session | null> {
    const [session = null] = await store.sessions.byIds([id]);
    return session;
  }

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

  const amend: Refresh['amend'] = (id, decide) =>
    inTurn(id, async () => {
      for (let tries = 0; tries < maxTries; tries += 1) {
        const session = await sessionOf(id);
        if (session === null) return null;
        const change = await decide(session, await activeIn(id));
        if (change === null) return session;
        if (await commit(change)) return sessionOf(id);
      }
      return sessionOf(id);
    });

  async function read(id: SessionId): Promise<Session | Problem> {
    let last: Session | null = null;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const session = await sessionOf(id);
      if (session === null) throw new Error(`Session ${id} was there a moment ago`);
      last = session;
      const service = backends.get(session.backend)?.service ?? null;
      if (service === null || session.status !== 'ACTIVE') return session;
      const at = await access.at(service, session, null);
      // Nobody is there in whose name it could be asked: then the record is all there is.
      if (service.perMember && at.as?.secret == null) return session;
      const facts = await service.read(at, signal);
      if (isProblem(facts)) return facts;
      const active = facts.members === undefined ? [] : await activeIn(id);
      const change = decideFacts({ session, now: clock.now() }, facts, active);
      // What was read before another change may contradict it: only what was decided on the state as it is counts.
      const written = change === null || (await inTurn(id, () => commit(change)));
      const after = await sessionOf(id);
      if (written && after !== null && (change !== null || after.version === session.version)) return after;
    }
    return last as Session;
  }

  return {
    amend,
    refresh(session) {
      if (session.status !== 'ACTIVE' || (backends.get(session.backend)?.service ?? null) === null) return Promise.resolve(session);
      const under = reading.get(session.id);
      if (under !== undefined) return under;
      const work = read(session.id).finally(() => reading.delete(session.id));
      reading.set(session.id, work);
      return work;
    },
    record: (id, facts) => amend(id, (session, active) => decideFacts({ session, now: clock.now() }, facts, active)),
  };
}
