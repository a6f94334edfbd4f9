import { type Credentials, mutation, post } from '../../support/graphql-client.ts';
import { type Attempt, type Operation, type Outcome, outcomeOf, type Write } from '../history.ts';
import { type Context, pause } from './context.ts';

const mutations: Readonly<Record<Operation, string>> = {
  create: mutation(
    'createSession',
    `... on SessionAdmission { session { id cursor expiresAt rules { maxMembers } } member { id } credentials { token } }`,
  ),
  join: mutation('joinSession', '... on SessionAdmission { session { id cursor } member { id } credentials { token } }'),
  leave: mutation('leaveSession', '... on SessionChange { session { id } }'),
  kick: mutation('kickMember', '... on MemberRemoval { member { id } }'),
  update: mutation('updateSession', '... on SessionChange { session { id } }'),
  send: mutation('sendMessage', '... on MessageDelivery { message { id } }'),
};

/** How long an answer is waited for: a gateway may be frozen. */
const answerMs = 10_000;

/** Codes that say nothing of whether the request was carried out. The gateway's own mistakes have none of a Problem's. */
const isOpen = (code: string | undefined): boolean => code === undefined || code === 'UNAVAILABLE' || code === 'INTERNAL_SERVER_ERROR';

interface Answer {
  readonly outcome: Outcome;
  readonly text: string;
  /** Whether the same may be tried again. */
  readonly again: boolean;
  readonly result: any;
}

/** Refusals of the moment: another gateway, or the same one later, may do it. */
const passing: ReadonlySet<string | undefined> = new Set(['RATE_LIMITED', 'UNAVAILABLE']);

/** A request to one gateway. Never rejects. */
async function ask(url: string, operation: Operation, input: object, credentials: Credentials): Promise<Answer> {
  const open = (text: string): Answer => ({ outcome: 'unknown', text, again: true, result: null });
  try {
    const { data, errors } = await post(url, mutations[operation], { input }, credentials, AbortSignal.timeout(answerMs));
    if (errors !== undefined) {
      const code: string | undefined = errors[0]?.extensions?.['code'];
      const text = `${code}: ${errors[0]?.message}`;
      return isOpen(code) ? open(text) : { outcome: 'refused', text, again: passing.has(code), result: null };
    }
    const [result] = Object.values<any>(data);
    if (result.__typename !== 'Problem') return { outcome: 'done', text: '', again: false, result };
    const text = `${result.code}: ${result.detail}`;
    return isOpen(result.code) ? open(text) : { outcome: 'refused', text, again: result.retryAfterSeconds !== null, result: null };
  } catch (error) {
    return open(String(error instanceof Error ? (error.cause ?? error) : error));
  }
}

export interface Wish {
  readonly client: string;
  readonly session: string | null;
  readonly operation: Operation;
  readonly subject: string;
  readonly input: object;
  readonly credentials: Credentials;
  /** What names what was made, in the answer. @default the subject */
  readonly idOf?: (result: any) => string;
  /** Whether it is tried again, elsewhere, until there is an answer. @default true */
  readonly persists?: boolean;
  /** Whether the same is asked for once more after it is done. @default false */
  readonly repeats?: boolean;
}

/** Has it done by whichever gateway answers, and records it. Answers with the result of success, else with null. */
export async function write(context: Context, wish: Wish): Promise<{ readonly outcome: Outcome; readonly result: any }> {
  const { places, history, random, ending } = context;
  const { client, session, operation, subject, input, credentials, idOf = () => subject, persists = true, repeats = false } = wish;
  const attempts: Attempt[] = [];
  let result: any = null;
  for (let left = repeats ? 2 : 1; left > 0 && !ending.aborted;) {
    const { name: gateway, url } = random.pick(places);
    const sentAt = performance.now();
    const answer = await ask(url, operation, input, credentials);
    const { outcome, text, again } = answer;
    attempts.push({ gateway, sentAt, answeredAt: performance.now(), outcome, answer: outcome === 'done' ? idOf(answer.result) : text });
    result ??= answer.result;
    if (again && persists) await pause(random.between(20, 300), ending);
    else left -= 1;
  }
  const record: Write = { client, session, operation, subject, attempts };
  history.writes.push(record);
  return { outcome: outcomeOf(record), result };
}
