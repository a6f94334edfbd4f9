import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { ServiceMessage } from '../../core/service.ts';
import type { Session } from '../../core/session.ts';
import type { ElizaClient } from './client.ts';
import { messageOf } from './mapping.ts';
import type { WireMessage } from './wire.ts';

const pageSize = 100;
const maxMessages = 1_000;
/** Each page of a busy channel is asked for twice, and then there are servers with smaller ones. */
const maxPages = 30;

/**
 * The messages from an instant on (null = from the beginning), oldest first, at most the newest thousand or so. The service tells them
 * newest first, page by page. Items that cannot be read are left out, unless there are no others.
 */
export async function readHistory(
  client: ElizaClient,
  session: Pick<Session, 'backend' | 'handle' | 'agentId' | 'metadata'>,
  after: number | null,
  signal?: AbortSignal,
): Promise<readonly ServiceMessage[] | Problem> {
  // By id: pages overlap by a millisecond, and the history grows between them.
  const found = new Map<string, WireMessage>();
  let before: number | undefined;
  let unreadable = 0;
  let stale = 0;
  for (let pages = 0; pages < maxPages && found.size < maxMessages; pages += 1) {
    const page = await client.history(session.handle, { limit: pageSize, ...(before !== undefined && { before }) }, signal);
    if (isProblem(page)) return page;
    const size = found.size;
    unreadable += page.unreadable;
    for (const message of page.messages) found.set(message.id, message);
    stale = found.size === size ? stale + 1 : 0;
    const oldest = page.messages.at(-1)?.createdAt;
    // A page that brings nothing new a second time will bring nothing new ever.
    if (!page.hasMore || stale > 1 || oldest === undefined || (after !== null && oldest < after)) break;
    // `before` leaves out what is of that very millisecond: asked for once more, unless the page has nothing else.
    const next = oldest + 1;
    before = before === next || stale > 0 ? oldest : next;
  }
  if (found.size === 0 && unreadable > 0) {
    const detail = `Backend ${session.backend} has messages of session ${session.handle} that cannot be read. Check its version.`;
    return problem('UPSTREAM_FAILED', detail, { backend: session.backend });
  }
  return [...found.values()]
    .filter(({ createdAt }) => after === null || createdAt >= after)
    .toReversed()
    .sort((one, other) => one.createdAt - other.createdAt)
    .map((message) => messageOf(message, session));
}
