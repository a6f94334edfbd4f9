import type { SessionQuery } from '../core/queries.ts';
import { type Problem, ProblemError, isProblem } from '../core/problem.ts';
import { type Session, statusAt } from '../core/session.ts';
import type { RequestContext } from './context.ts';
import type { PageCursors } from './page-cursor.ts';
import { connectionOf } from './paging.ts';
import type { SessionPage } from './sources.ts';

type Place = NonNullable<SessionQuery['page']['after']>;

/** One for each backend: the first that it gave. */
function byBackend(problems: readonly Problem[]): readonly Problem[] {
  const first = new Map<string | null, Problem>();
  for (const problem of problems) if (!first.has(problem.backend)) first.set(problem.backend, problem);
  return [...first.values()];
}

/** The row as its service has it; the problem where it cannot say. */
async function currentOf(session: Session, context: RequestContext): Promise<Session | Problem> {
  try {
    return (await context.current(session)) ?? session;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
}

/**
 * A page of the sessions of all backends. First the services that have lists are asked what is new; then the page is read from the
 * records, whose order no failure changes: a service that cannot be asked costs its own rows, and they are there again in a later page.
 */
export async function listSessions(
  query: SessionQuery,
  cursors: PageCursors<Session, Place>,
  context: RequestContext,
): Promise<SessionPage> {
  const { store, backends, upstreams } = context.services;
  const { fresh, problems, remarks } = await upstreams.survey(query);
  context.isCurrent(fresh);
  const down = new Set(problems.map(({ backend }) => backend));
  // Backends that are configured no more keep their records, and are named by nobody.
  const names = query.backends ?? (down.size === 0 ? undefined : [...backends.keys()]);
  const asked = { ...query, ...(names && { backends: names.filter((name) => !down.has(name)) }) };
  const page = await store.sessions.list(asked);
  const rows = await Promise.all(page.items.map((session) => currentOf(session, context)));
  const failed = rows.filter(isProblem);
  // What its service has just said can also take a row out of what was asked for.
  const isAsked = (session: Session): boolean => query.statuses?.includes(statusAt(session, query.now)) ?? true;
  return {
    ...connectionOf(page, query.page, cursors),
    nodes: rows.map((row) => (isProblem(row) || !isAsked(row) ? null : row)),
    // By the record: a row that is not shown has its place all the same.
    cursorOf: (_, index) => cursors.encode(page.items[index] as Session),
    problems: byBackend([...problems, ...failed, ...remarks]),
  };
}
