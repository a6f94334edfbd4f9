import { type Problem, isProblem } from '../../core/problem.ts';
import type { ServiceMessage } from '../../core/service.ts';
import type { Session } from '../../core/session.ts';
import type { ElizaClient } from './client.ts';
import { messageOf } from './mapping.ts';
import type { WireMessage } from './wire.ts';

const pageSize = 100;
const maxMessages = 1_000;

/**
 * The messages from an instant on (null = from the beginning), oldest first, at most the newest thousand or so. The service tells them
 * newest first, page by page.
 */
export async function readHistory(
  client: ElizaClient,
  session: Pick<Session, 'handle' | 'agentId' | 'metadata'>,
  after: number | null,
  signal?: AbortSignal,
): Promise<readonly ServiceMessage[] | Problem> {
  // By id: pages overlap by a millisecond, and the history grows between them.
  const found = new Map<string, WireMessage>();
  let before: number | undefined;
  while (found.size < maxMessages) {
    const page = await client.history(session.handle, { limit: pageSize, ...(before !== undefined && { before }) }, signal);
    if (isProblem(page)) return page;
    const size = found.size;
    for (const message of page.messages) found.set(message.id, message);
    const oldest = page.messages.at(-1)?.createdAt;
    if (!page.hasMore || oldest === undefined || (after !== null && oldest < after)) break;
    // `before` leaves out what is of that very millisecond: asked for once more, unless the page has nothing else.
    const next = oldest + 1;
    before = before === next || found.size === size ? oldest : next;
  }
  return [...found.values()]
    .filter(({ createdAt }) => after === null || createdAt >= after)
    .toReversed()
    .sort((one, other) => one.createdAt - other.createdAt)
    .map((message) => messageOf(message, session));
}
