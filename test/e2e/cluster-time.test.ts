import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, createCluster } from '../support/cluster.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { type Admitted, createSession } from '../support/graphql-client.ts';
import { allEvents, follow, type Following, ofType } from '../support/live-client.ts';
import { needsPostgres, postgresIsMissing, postgresOfFile } from '../support/postgres-of-file.ts';

/** Within how long of its instant an event is made; a second on a machine that is not kept from it. */
const boundMs = 10_000;

interface Timed {
  readonly session: Admitted;
  readonly timeoutSeconds: number;
  readonly warningSeconds: number;
  /** At the earliest, and at the latest, it was created. */
  readonly created: readonly [number, number];
}

async function timed(url: string, timeoutSeconds: number, warningSeconds: number): Promise<Timed> {
  const before = Date.now();
  const session = await createSession(url, { rules: { timeout: { timeoutSeconds, warningSeconds, autoRenew: false } } });
  return { session, timeoutSeconds, warningSeconds, created: [before, Date.now()] };
}

/** All of a session's events, as a follower reads them once it is over. */
async function timelineAt(url: string, { credentials, cursor }: Admitted): Promise<readonly any[]> {
  const reading = follow(url, allEvents, { after: cursor }, credentials);
  expect(await reading.ended).toBe('complete');
  return factsIn(reading);
}

/** What has happened, and when. The session itself is shown as it is by the time that the event is read. */
const factsIn = ({ events }: Following): readonly any[] =>
  events.slice(1).map(({ __typename, cursor, occurredAt, secondsLeft }) => ({ __typename, cursor, occurredAt, secondsLeft }));

/** Each was made once, and at its time. */
function expectOnTime(events: readonly any[], { timeoutSeconds, warningSeconds, created: [earliest, latest] }: Timed): void {
  expect(events.map(({ __typename }) => __typename)).toEqual(['SessionExpiring', 'SessionExpired']);
  const [expiring, expired] = events;
  const due = [timeoutSeconds - warningSeconds, timeoutSeconds].map((seconds) => seconds * 1_000);
  for (const [index, { occurredAt }] of [expiring, expired].entries()) {
    expect(Date.parse(occurredAt)).toBeGreaterThanOrEqual(earliest + (due[index] ?? 0));
    expect(Date.parse(occurredAt)).toBeLessThan(latest + (due[index] ?? 0) + boundMs);
  }
  expect(expiring.secondsLeft).toBeLessThanOrEqual(warningSeconds);
  expect(expiring.secondsLeft).toBeGreaterThan(warningSeconds - boundMs / 1_000);
}

describe.skipIf(postgresIsMissing)(`time without a leader${needsPostgres}`, { timeout: 120_000 }, () => {
  const database = postgresOfFile();
  let cluster: Cluster;
  let staying: readonly GatewayProcess[];

  beforeAll(async () => {
    const url = await database.freshUrl();
    cluster = await createCluster(url, { PARLEY_BUS_DRIVER: 'postgres', PARLEY_BUS_URL: url });
    staying = await Promise.all([cluster.start(), cluster.start()]);
  }, 60_000);
  afterAll(() => cluster?.[Symbol.asyncDispose](), 60_000);

  const everywhere = (gateways: readonly GatewayProcess[], { credentials }: Admitted): readonly Following[] =>
    gateways.map(({ url }) => follow(url, allEvents, {}, credentials));

  /** What every follower has seen is what the timeline has. */
  async function expectSeen(followers: readonly Following[], made: Timed): Promise<void> {
    const [one] = staying;
    for (const each of followers) expect(await each.ended).toBe('complete');
    const timeline = await timelineAt(one?.url ?? '', made.session);
    expectOnTime(timeline, made);
    for (const each of followers) expect(factsIn(each)).toEqual(timeline);
  }

  test('three gateways make each warning and each expiry once, and followers at each of them see it once', async () => {
    const gateways = [...staying, await cluster.start()];
    const made = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const session = await timed(gateways[index % 3]?.url ?? '', 6 + (index % 3), 3);
        return { session, followers: everywhere(gateways, session.session) };
      }),
    );
    for (const { session, followers } of made) await expectSeen(followers, session);
    expect(await gateways.at(-1)?.end('SIGTERM')).toBe(0);
  });

  test('the others make both where the one that planned them was killed before the warning', async () => {
    const planning = await cluster.start();
    const made = await Promise.all([timed(planning.url, 10, 4), timed(planning.url, 10, 4), timed(planning.url, 11, 3)]);
    await planning.end('SIGKILL');
    for (const { created, timeoutSeconds, warningSeconds } of made) {
      expect(Date.now()).toBeLessThan(created[0] + (timeoutSeconds - warningSeconds) * 1_000);
    }
    const followers = made.map(({ session }) => everywhere(staying, session));
    for (const [index, each] of made.entries()) await expectSeen(followers[index] ?? [], each);
  });

  test('and the expiry where it was killed between the two', async () => {
    const planning = await cluster.start();
    const made = await timed(planning.url, 10, 8);
    const lost = follow(planning.url, allEvents, {}, made.session.credentials);
    const followers = everywhere(staying, made.session);
    await lost.until(ofType('SessionExpiring'));
    await planning.end('SIGKILL');
    expect(Date.now()).toBeLessThan(made.created[0] + made.timeoutSeconds * 1_000);
    await expectSeen(followers, made);
  });
});
