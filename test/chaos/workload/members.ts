import { type Credentials, bearer, query } from '../../support/graphql-client.ts';
import { type Context, forked, type Membership, pause } from './context.ts';
import { sendOnce } from './sender.ts';
import { startSubscriber, type Subscriber } from './subscriber.ts';
import { write } from './write.ts';

/** Joins under a name that nobody else has. Null where it was not let in, or does not know. */
export async function join(context: Context, session: string, name: string, persists = false): Promise<Membership | null> {
  const input = { sessionId: session, identity: { name } };
  const { result } = await write(context, {
    client: name,
    session,
    operation: 'join',
    subject: name,
    input,
    credentials: {},
    persists,
    idOf: ({ member }) => member.id,
  });
  return result && { session, member: result.member.id, cursor: result.session.cursor, credentials: bearer(result.credentials.token) };
}

/** Comes and goes, says something in between, and sometimes follows. What it does not know of its joining, it leaves to the host. */
export async function runComer(context: Context, session: string, client: string, subscribers: Subscriber[]): Promise<void> {
  const { random, stopping, ending } = context;
  for (let stay = 0; !stopping.aborted; stay += 1) {
    const name = `${client} stay ${stay}`;
    const membership = await join(context, session, name);
    await pause(random.between(100, 1_000), stopping);
    if (membership === null) continue;
    const { member, credentials, cursor } = membership;
    if (random.chance(0.3)) {
      const transport = random.chance(0.3) ? 'sse' : 'ws';
      subscribers.push(
        startSubscriber(forked(context), { client: `subscriber ${name}`, session, credentials, after: cursor, transport, member }),
      );
    }
    for (let left = random.whole(0, 2); left > 0; left -= 1)
      await sendOnce(context, { client: name, session, credentials }, `${name} says ${left}`);
    await pause(random.between(200, 2_000), stopping);
    // After the run's end it stays: nobody waits for the host.
    if (!stopping.aborted) await write(context, { client: name, session, operation: 'leave', subject: member, input: {}, credentials });
    await pause(random.between(200, 2_000), stopping);
    if (ending.aborted) return;
  }
}

const roster = 'query ($id: ID!) { session(id: $id) { members(first: 100) { nodes { id name } } } }';

/** Removes one comer after the other, and gives the session new descriptions. */
export async function runHost(context: Context, session: string, credentials: Credentials): Promise<void> {
  const { places, random, stopping } = context;
  const client = `host of ${session}`;
  for (let turn = 0; !stopping.aborted; turn += 1) {
    await pause(random.between(500, 2_500), stopping);
    const seen: any = await query(random.pick(places).url, roster, { id: session }, credentials).catch(() => null);
    const comers: readonly { readonly id: string }[] = seen?.session?.members.nodes.filter(({ name }: any) => /stay \d+$/.test(name)) ?? [];
    if (comers.length > 0 && !stopping.aborted) {
      const { id: memberId } = random.pick(comers);
      const input = { sessionId: session, memberId, ban: false, reason: `turn ${turn}` };
      await write(context, { client, session, operation: 'kick', subject: memberId, input, credentials });
    }
    // Not tried again: a second change is a second change.
    const description = `as of turn ${turn}`;
    const input = { sessionId: session, description };
    if (!stopping.aborted)
      await write(context, { client, session, operation: 'update', subject: description, input, credentials, persists: false });
  }
}
