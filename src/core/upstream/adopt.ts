import type { Backend } from '../backend.ts';
import { BoundedMap } from '../bounded-map.ts';
import { decideAdoption } from '../decide/adoption.ts';
import { newSessionId } from '../ids.ts';
import type { SessionQuery } from '../queries.ts';
import { type Problem, isProblem, problem } from '../problem.ts';
import type { Found, Service } from '../service.ts';
import type { Session } from '../session.ts';
import { serviceCreator } from '../viewer.ts';
import type { UpstreamParts } from './parts.ts';
import type { Refresh } from './refresh.ts';

/** What the services' own lists said. */
export interface Survey {
  /** The sessions that they had, as recorded now: these need not be asked for again. */
  readonly fresh: ReadonlyMap<Session['id'], Session>;
  /** One for each backend that could not say. */
  readonly problems: readonly Problem[];
  /** One for each backend that said something which could not be read: its other rows are there. */
  readonly remarks: readonly Problem[];
}

/** Gives records to sessions that were made at their services. */
export interface Adopt {
  /** The session by that handle; null = neither here nor at the service. */
  find(backend: string, handle: string): Promise<Session | null | Problem>;
  /** Asks the services that have lists, each for what is new since the last time. */
  survey(query: Pick<SessionQuery, 'backends' | 'agentId' | 'metadata'>): Promise<Survey>;
}

const pageSize = 100;
/** Of one service and survey: what is older is found by the next ones, page by page, or by its handle. */
const maxPages = 10;
/** After this the next survey goes on: who asks for a page waits no longer for a list that comes slowly, page by page. */
const surveyMs = 2_000;
/** Lists of which it is remembered how far they have been seen. */
const remembered = 1_000;
/** After this a list is gone through anew: places in it shift, and not every service has what is new at its beginning. */
const rememberedMs = 60_000;

/** What a list said. */
interface Listed {
  readonly sessions: Survey['fresh'];
  readonly remark: Problem | null;
}

/** How far a list has been seen. */
interface Seen {
  /** The page to go on with; null = to its end. */
  readonly next: string | null;
  readonly since: number;
}

const unread = (backend: string, count: number): Problem =>
  problem('UPSTREAM_FAILED', `Backend ${backend} lists ${count} of its sessions in another form than documented: they are left out.`, {
    backend,
  });

export function createAdopt(parts: UpstreamParts, { confirm }: Pick<Refresh, 'confirm'>): Adopt {
  const { store, bus, clock, backends, box, schedule, report, signal } = parts;
  const seen = new BoundedMap<string, Seen>(remembered);
  const finding = new Map<string, Promise<Session | null | Problem>>();

  async function byHandle(backend: string, handle: string): Promise<Session | null> {
    return (await store.sessions.byHandles([{ backend, handle }]))[0] ?? null;
  }

  async function adopt(backend: Backend, { handle, facts, secret = null }: Found): Promise<Session | null> {
    const id = newSessionId();
    const creation = decideAdoption(
      {
        id,
        backend: backend.name,
        handle,
        visibility: backend.foreignVisibility,
        createdBy: serviceCreator(backend.name),
      },
      facts,
      secret === null ? null : box.seal(secret, id),
      clock.now(),
    );
    const outcome = await store.commit(creation);
    if (outcome.kind === 'committed') {
      if (outcome.seq > 0) bus.publish({ sessionId: id, seq: outcome.seq });
      if (creation.session.dueAt !== null) schedule(id, creation.session.dueAt);
    }
    // Somebody else may have been faster: then it is theirs that counts.
    return byHandle(backend.name, handle);
  }

  /** A page of the service's list, recorded. Answers the sessions, and whether there was none that was new. */
  async function recordPage(
    backend: Backend,
    page: readonly Found[],
  ): Promise<{ readonly sessions: readonly Session[]; readonly allKnown: boolean }> {
    const known = await store.sessions.byHandles(page.map(({ handle }) => ({ backend: backend.name, handle })));
    const sessions = await Promise.all(
      page.map(async (found, index) => {
        const before = known[index] ?? null;
        if (before === null) return found.facts.status === undefined || found.facts.status === 'ACTIVE' ? adopt(backend, found) : null;
        return confirm(before, found.facts);
      }),
    );
    return {
      // One that cannot be confirmed is asked for by whoever shows it.
      sessions: sessions.filter((session) => session !== null && !isProblem(session)),
      allKnown: known.every((before) => before !== null),
    };
  }

  const lists = new Map<string, Promise<Listed | Problem>>();

  /**
   * Goes through the list until there is nothing new: behind a page without news is what was seen before, and from the end of that it goes
   * on.
   */
  async function walk(
    key: string,
    backend: Backend,
    list: NonNullable<Service['list']>,
    query: Parameters<Adopt['survey']>[0],
  ): Promise<Listed | Problem> {
    const sessions = new Map<Session['id'], Session>();
    const filter = { agentId: query.agentId ?? null, metadata: query.metadata ?? null };
    const now = clock.now();
    const before = seen.get(key);
    // Gone through to its end first, however seldom somebody asks.
    let known = before !== undefined && (before.next !== null || now - before.since < rememberedMs) ? before : null;
    const since = known?.since ?? now;
    let page: string | null = null;
    let unreadable = 0;
    // A service that answers with a page it has given before would lead round in circles.
    const gone = new Set<string>();
    for (let pages = 0; pages < maxPages; pages += 1) {
      const answer: Awaited<ReturnType<typeof list>> = await list({ limit: pageSize, page, filter }, signal);
      if (isProblem(answer)) {
        // A place in the list may be what it does not take any more.
        if (page !== null) seen.delete(key);
        return answer;
      }
      const recorded = await recordPage(backend, answer.sessions);
      for (const session of recorded.sessions) sessions.set(session.id, session);
      unreadable += answer.unreadable ?? 0;
      page = answer.next === null || gone.has(answer.next) ? null : answer.next;
      if (page !== null) gone.add(page);
      const isLate = clock.now() - now >= surveyMs;
      if (known !== null && (recorded.allKnown || isLate)) {
        // However late: one page at least of what was not seen before is asked for, or it would never be.
        page = known.next;
        known = null;
      } else if (isLate) break;
      if (page === null) break;
    }
    seen.set(key, { next: page, since });
    return { sessions, remark: unreadable === 0 ? null : unread(backend.name, unreadable) };
  }

  async function lookUp(backend: Backend, handle: string): Promise<Session | null | Problem> {
    const { service } = backend;
    if (service?.find === undefined) return null;
    const found = await service.find(handle, signal);
    return found === null || isProblem(found) ? found : adopt(backend, found);
  }

  return {
    async find(name, handle) {
      const before = await byHandle(name, handle);
      const backend = backends.get(name);
      if (before !== null || backend === undefined) return before;
      const key = `${name} ${handle}`;
      const under = finding.get(key);
      if (under !== undefined) return under;
      const work = lookUp(backend, handle).finally(() => finding.delete(key));
      finding.set(key, work);
      return work;
    },
    async survey(query) {
      const asked = [...backends.values()].flatMap((backend) => {
        const { service } = backend;
        const list = service?.list?.bind(service);
        return list !== undefined && (query.backends?.includes(backend.name) ?? true) ? [{ backend, list }] : [];
      });
      const answers = await Promise.all(
        asked.map(({ backend, list }) => {
          const key = JSON.stringify([backend.name, query.agentId ?? null, query.metadata ?? null]);
          const under = lists.get(key);
          if (under !== undefined) return under;
          const work = walk(key, backend, list, query)
            .catch((error: unknown): Problem => {
              if (signal.aborted) return problem('UPSTREAM_UNAVAILABLE', 'The gateway is stopping.', { backend: backend.name });
              // A fault of one connector costs the rows of its backend, and no others.
              report(error);
              return problem('UPSTREAM_FAILED', `The sessions of backend ${backend.name} could not be listed.`, { backend: backend.name });
            })
            .finally(() => lists.delete(key));
          lists.set(key, work);
          return work;
        }),
      );
      const said = answers.flatMap((answer) => (isProblem(answer) ? [] : [answer.sessions]));
      const [only] = said;
      return {
        // Many wait for the same list: it is not copied for each.
        fresh: only !== undefined && said.length === 1 ? only : new Map(said.flatMap((sessions) => Array.from(sessions))),
        problems: answers.filter(isProblem),
        remarks: answers.flatMap((answer) => (isProblem(answer) || answer.remark === null ? [] : [answer.remark])),
      };
    },
  };
}
