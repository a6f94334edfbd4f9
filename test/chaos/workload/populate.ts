import type { Credentials } from '../../support/graphql-client.ts';
import { type Context, forked, type Membership } from './context.ts';
import { join, runComer, runHost } from './members.ts';
import { runSender } from './sender.ts';
import { open, runMortals } from './sessions.ts';
import { startSubscriber, type Subscriber } from './subscriber.ts';

/** Who does what in a run. */
export interface Population {
  /** Sessions without an end. */
  readonly sessions: number;
  readonly subscribersPerSession: number;
  readonly sendersPerSession: number;
  /** How many of the sessions have people coming and going, more than there is room for. */
  readonly crowded: number;
  /** Clients that open sessions of a short life, each one after the other. */
  readonly mortals: number;
  readonly senderPauseMs: { readonly from: number; readonly to: number };
}

/** For those who come and go. */
const room = 3;
const comers = 5;

/** Opens the sessions, which must succeed, and lets the clients loose. What it answers with resolves once they have stopped. */
export async function populate(
  context: Context,
  credentials: Credentials,
  population: Population,
  subscribers: Subscriber[],
): Promise<readonly Promise<unknown>[]> {
  const { sessions, subscribersPerSession, sendersPerSession, crowded, mortals, senderPauseMs } = population;
  const work: Promise<unknown>[] = [];

  async function fill(index: number): Promise<void> {
    const isCrowded = index < crowded;
    const rules = isCrowded ? { maxMembers: 1 + sendersPerSession + room } : {};
    const { session, cursor } = given(await open(context, credentials, `session ${index}`, rules));
    const names = Array.from({ length: sendersPerSession }, (_, number) => `sender ${index}.${number}`);
    const senders = await Promise.all(
      names.map(async (client) => {
        const { credentials } = given(await join(forked(context), session, client));
        return { client, session, credentials };
      }),
    );

    // As the session's owner, and as its members.
    const readers = [credentials, ...senders.map((sender) => sender.credentials)];
    for (let number = 0; number < subscribersPerSession; number += 1) {
      const options = {
        client: `subscriber ${index}.${number}`,
        session,
        credentials: readers[number % readers.length] ?? credentials,
        after: cursor,
        transport: number % 4 === 3 ? ('sse' as const) : ('ws' as const),
      };
      subscribers.push(startSubscriber(forked(context), options));
    }
    for (const sender of senders) work.push(runSender(forked(context), sender, senderPauseMs));
    if (!isCrowded) return;
    work.push(runHost(forked(context), session, credentials));
    for (let number = 0; number < comers; number += 1) {
      work.push(runComer(forked(context), session, `comer ${index}.${number}`, subscribers));
    }
  }

  for (let index = 0; index < sessions; index += 1) await fill(index);
  for (let index = 0; index < mortals; index += 1) work.push(runMortals(forked(context), credentials, `mortal ${index}`, subscribers));
  return work;
}

function given(membership: Membership | null): Membership {
  if (membership === null) throw new Error('Without a fault, a session is opened and members are let in.');
  return membership;
}
