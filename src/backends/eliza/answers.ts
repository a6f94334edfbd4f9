import { type Problem, isProblem } from '../../core/problem.ts';
import type { ServiceMessage } from '../../core/service.ts';
import type { Session } from '../../core/session.ts';
import type { ElizaClient } from './client.ts';
import { readHistory } from './history.ts';
import { isReply } from './mapping.ts';

/** How long after its message a reply may still come at least, where whose it is has to be reckoned. */
const leastLateMs = 600_000;
/** How many of a channel's newest messages are asked about; more where the first ones do not have them all. */
const pageSizes = [20, 200] as const;

export interface Answers {
  /**
   * Which message each of the replies answers, by their ids. A reply that is left out answers none, or it cannot be known which. What is
   * heard and what the history has do not say it: the channel's own messages do, at servers that have such a call. At others it is known
   * where one message alone can have been meant.
   */
  of(replies: readonly ServiceMessage[]): Promise<ReadonlyMap<string, string> | Problem>;
  /** The message that alone waits for a reply now; null = none, or several. @param since - Of the history: when the first of ours was sent. */
  alone(since: number | null): Promise<string | null | Problem>;
}

export interface AnswersOptions {
  readonly client: ElizaClient;
  readonly session: Pick<Session, 'backend' | 'handle' | 'agentId' | 'metadata'>;
  readonly channelId: string;
  /** How long a reply is waited for. */
  readonly replyMs: number;
}

export function createAnswers({ client, session, channelId, replyMs }: AnswersOptions): Answers {
  const lateMs = Math.max(leastLateMs, 2 * replyMs);

  /** By the replies' ids; null = none. Replies of which nothing is told are left out. */
  async function told(replies: readonly ServiceMessage[]): Promise<ReadonlyMap<string, string | null> | Problem> {
    let known = new Map<string, string | null>();
    for (const limit of pageSizes) {
      const ties = await client.ties(channelId, limit);
      if (isProblem(ties)) return ties;
      if (ties === null) break;
      known = new Map(ties.flatMap(({ id, inReplyTo }) => (inReplyTo === undefined ? [] : [[id, inReplyTo] as const])));
      if (ties.length < limit || replies.every(({ id }) => known.has(id))) break;
    }
    return known;
  }

  async function reckoned(replies: readonly ServiceMessage[]): Promise<ReadonlyMap<string, string> | Problem> {
    const since = Math.min(...replies.map(({ createdAt }) => createdAt)) - lateMs;
    const history = await readHistory(client, session, since);
    return isProblem(history) ? history : answeredAlone(history, lateMs).answers;
  }

  return {
    async of(replies) {
      if (replies.length === 0) return new Map();
      const ties = await told(replies);
      if (isProblem(ties)) return ties;
      const untold = replies.filter(({ id }) => !ties.has(id));
      const found = untold.length === 0 ? new Map<string, string>() : await reckoned(untold);
      if (isProblem(found)) return found;
      const answers = new Map<string, string>();
      for (const { id } of replies) {
        const messageId = (ties.has(id) ? ties : found).get(id) ?? null;
        if (messageId !== null) answers.set(id, messageId);
      }
      return answers;
    },
    async alone(since) {
      const history = await readHistory(client, session, since === null ? null : since - lateMs);
      return isProblem(history) ? history : answeredAlone(history, lateMs).waiting;
    },
  };
}

/**
 * Which message each reply of a history answers, as far as nothing but the history tells. A message that others were sent beside, before it
 * was answered, has no reply that is known to be its own: agents answer in whichever order, and drop what was overtaken. Whose messages
 * they are makes no difference: another gateway's, and those of before a restart, stand in the history too.
 */
export function answeredAlone(
  history: readonly ServiceMessage[],
  lateMs: number,
): {
  readonly answers: ReadonlyMap<string, string>;
  readonly waiting: string | null;
} {
  const answers = new Map<string, string>();
  let waiting: readonly ServiceMessage[] = [];
  // Of those that wait, how many were answered, without its being known which.
  let spent = 0;
  for (const message of history) {
    const left = waiting.filter(({ createdAt }) => createdAt >= message.createdAt - lateMs);
    spent = Math.max(0, spent - (waiting.length - left.length));
    waiting = left;
    if (message.role === 'USER') waiting = [...waiting, message];
    if (!isReply(message)) continue;
    const [first] = waiting;
    if (waiting.length === 1 && first !== undefined) answers.set(message.id, first.id);
    spent += 1;
    if (spent >= waiting.length) [waiting, spent] = [[], 0];
  }
  return { answers, waiting: waiting.length === 1 ? (waiting[0]?.id ?? null) : null };
}
