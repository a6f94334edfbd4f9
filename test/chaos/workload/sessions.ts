import { type Credentials, bearer } from '../../support/graphql-client.ts';
import { type Context, forked, type Membership, pause } from './context.ts';
import { runSender } from './sender.ts';
import { startSubscriber, type Subscriber } from './subscriber.ts';
import { write } from './write.ts';

interface Lifetime {
  readonly lifetimeSeconds?: number;
  readonly timeout?: { readonly timeoutSeconds: number; readonly warningSeconds: number };
}

/** Opens a session under its title as the key, as the host, and records it. Null where the run ended before there was an answer. */
export async function open(
  context: Context,
  credentials: Credentials,
  title: string,
  rules: Lifetime & { readonly maxMembers?: number },
): Promise<Membership | null> {
  const { result } = await write(context, {
    client: title,
    session: null,
    operation: 'create',
    subject: title,
    input: { title, rules, idempotencyKey: title },
    credentials,
    idOf: ({ session }) => session.id,
  });
  if (result === null) return null;
  const { session, member } = result;
  const { timeout } = rules;
  context.history.sessions.push({
    id: session.id,
    cursor: session.cursor,
    members: [member.id],
    maxMembers: session.rules.maxMembers,
    expiresAt: session.expiresAt === null ? null : Date.parse(session.expiresAt),
    timeoutMs: timeout === undefined ? null : timeout.timeoutSeconds * 1_000,
  });
  return { session: session.id, member: member.id, cursor: session.cursor, credentials: bearer(result.credentials.token) };
}

/** Opens one session of a short life after the other, with somebody who sends and two who follow until its end. */
export async function runMortals(context: Context, credentials: Credentials, name: string, subscribers: Subscriber[]): Promise<void> {
  const { random, stopping, ending } = context;
  for (let number = 0; !stopping.aborted; number += 1) {
    const seconds = random.whole(2, 8);
    const fixed: Lifetime = { lifetimeSeconds: seconds };
    // Two warnings in a life at most, and ends that messages move.
    const sliding: Lifetime = { timeout: { timeoutSeconds: 2, warningSeconds: 1 } };
    const host = await open(context, credentials, `${name} session ${number}`, random.chance(0.5) ? fixed : sliding);
    if (host === null) return;
    const followers = (['ws', 'sse'] as const).map((transport) =>
      startSubscriber(forked(context), {
        client: `${name} session ${number} over ${transport}`,
        session: host.session,
        credentials: host.credentials,
        after: host.cursor,
        transport,
      }),
    );
    subscribers.push(...followers);
    const life = AbortSignal.any([stopping, AbortSignal.timeout(seconds * 1_000)]);
    const sender = { client: `${name} host ${number}`, session: host.session, credentials: host.credentials };
    await runSender({ ...context, stopping: life }, sender, { from: 200, to: 1_500 });
    // Whoever follows waits for the end.
    await Promise.race([Promise.all(followers.map(({ over }) => over)), pause(30_000, ending)]);
  }
}
