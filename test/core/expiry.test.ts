import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInProcessBus } from '../../src/buses/in-process.ts';
import { createExpiry } from '../../src/core/expiry.ts';
import { type SessionId, newSessionId } from '../../src/core/ids.ts';
import type { Bus, Store } from '../../src/core/ports.ts';
import { orThrow } from '../../src/core/problem.ts';
import type { TimeoutPolicyInput } from '../../src/core/use-cases.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type TestClock, createTestClock } from '../support/core-clock.ts';
import { type Gateway, apiKey, createGateway, eventTypesOf, sessionIn, storeDrivers, timelineOf } from '../support/core-service.ts';

const owner = apiKey('k1');

let store: Store;
let clock: TestClock;
let start: number;
let bus: Bus;
let errors: unknown[];
let stack: AsyncDisposableStack;
beforeEach(() => {
  store = createMemoryStore();
  clock = createTestClock();
  start = clock.now();
  bus = createInProcessBus();
  errors = [];
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
  if (errors.length > 0) throw new AggregateError(errors, 'The expiry reported what the test does not speak of');
});

/** A gateway that looks after its sessions by the clock. */
function gatewayOver(over: Store, { scanMs = 1_000, started = true } = {}) {
  const expiry = stack.use(createExpiry({ store: over, bus, clock, scanMs, report: (error) => errors.push(error) }));
  const gateway = createGateway(over, { bus, clock, onSchedule: (id, dueAt) => expiry.schedule(id, dueAt) });
  if (started) expiry.start();
  return { ...gateway, expiry };
}

const create = async ({ sessions }: Gateway, timeout: TimeoutPolicyInput): Promise<SessionId> =>
  orThrow(await sessions.create(owner, { rules: { timeout } })).sessionId;

/** What time did to a session, and when, in milliseconds from the start. */
const timeEvents = async (id: SessionId): Promise<readonly (readonly [string, number])[]> =>
  (await timelineOf(store, id))
    .filter(({ body }) => body.type === 'SESSION_EXPIRING' || body.type === 'SESSION_EXPIRED')
    .map(({ body, at }) => [body.type, at - start] as const);

describe('at its time', () => {
  test.each([1, 2, 3, 7, 60, 3_600])('a session of %d seconds is warned of and expires', async (timeoutSeconds) => {
    const gateway = gatewayOver(store);
    await clock.advance(123);
    const id = await create(gateway, { timeoutSeconds, autoRenew: false, warningSeconds: Math.floor(timeoutSeconds / 2) });
    await clock.advance(timeoutSeconds * 1_000 + 5_000);
    const end = 123 + timeoutSeconds * 1_000;
    const warning = Math.floor(timeoutSeconds / 2) * 1_000;
    expect(await timeEvents(id)).toEqual([...(warning > 0 ? [['SESSION_EXPIRING', end - warning]] : []), ['SESSION_EXPIRED', end]]);
    expect(await sessionIn(store, id)).toMatchObject({ status: 'EXPIRED', dueAt: null, expiresAt: start + end });
  });

  test('it says how much is left, and tells the bus', async () => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 30, warningSeconds: 7 });
    await clock.advance(23_000);
    expect((await timelineOf(store, id)).at(-1)?.body).toEqual({ type: 'SESSION_EXPIRING', secondsLeft: 7 });
    expect(gateway.hints.at(-1)).toEqual({ sessionId: id, seq: 2 });
    await clock.advance(7_000);
    expect(gateway.hints.at(-1)).toEqual({ sessionId: id, seq: 3 });
  });

  test('not a moment earlier', async () => {
    const id = await create(gatewayOver(store), { timeoutSeconds: 30, warningSeconds: 7 });
    await clock.advance(22_999);
    expect(await timeEvents(id)).toEqual([]);
    await clock.advance(7_000);
    expect(await timeEvents(id)).toEqual([['SESSION_EXPIRING', 23_000]]);
  });

  test('also where another gateway made it and nobody said so', async () => {
    gatewayOver(store);
    const silent = createGateway(store, { clock });
    await clock.advance(400);
    const id = await create(silent, { timeoutSeconds: 3, warningSeconds: 1 });
    await clock.advance(10_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 2_400],
      ['SESSION_EXPIRED', 3_400],
    ]);
  });

  test('also where it ends before the next look at the store', async () => {
    const gateway = gatewayOver(store, { scanMs: 60_000 });
    await clock.advance(1);
    const id = await create(gateway, { timeoutSeconds: 2, warningSeconds: 1 });
    await clock.advance(5_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 1_001],
      ['SESSION_EXPIRED', 2_001],
    ]);
  });

  test('also where more of them end at one instant than fit on a page', async () => {
    const gateway = gatewayOver(store);
    const ids: SessionId[] = [];
    await clock.advance(500);
    for (let n = 0; n < 2_500; n += 1) ids.push(await create(gateway, { timeoutSeconds: 10, warningSeconds: 0 }));
    await clock.advance(10_000);
    for (const id of ids) expect(await timeEvents(id)).toEqual([['SESSION_EXPIRED', 10_500]]);
  });

  test('a session without an end has none', async () => {
    const { sessions } = gatewayOver(store);
    const { sessionId } = orThrow(await sessions.create(owner, {}));
    await clock.advance(100_000);
    expect(await eventTypesOf(store, sessionId)).toEqual(['MEMBER_JOINED']);
  });

  test('nor has one that was ended before', async () => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 10, warningSeconds: 5 });
    orThrow(await gateway.sessions.end(owner, { sessionId: id }));
    await clock.advance(60_000);
    expect(await eventTypesOf(store, id)).toEqual(['MEMBER_JOINED', 'SESSION_ENDED']);
  });
});

describe('activity', () => {
  test('moves the warning and the expiry', async () => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 10, warningSeconds: 4 });
    for (let beat = 0; beat < 5; beat += 1) {
      await clock.advance(5_000);
      orThrow(await gateway.sessions.heartbeat(owner, { sessionId: id }));
    }
    expect(await timeEvents(id)).toEqual([]);
    await clock.advance(20_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 31_000],
      ['SESSION_EXPIRED', 35_000],
    ]);
  });

  test('after a warning brings another one', async () => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 10, warningSeconds: 4 });
    await clock.advance(8_000);
    orThrow(await gateway.sessions.send(owner, { sessionId: id, content: 'wait' }));
    await clock.advance(20_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 6_000],
      ['SESSION_EXPIRING', 14_000],
      ['SESSION_EXPIRED', 18_000],
    ]);
  });

  test('that brings the next warning before the expiry that is waited for gets it in time', async () => {
    const gateway = gatewayOver(store, { scanMs: 60_000 });
    const id = await create(gateway, { timeoutSeconds: 10, warningSeconds: 9 });
    await clock.advance(5_000);
    orThrow(await gateway.sessions.heartbeat(owner, { sessionId: id }));
    await clock.advance(20_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 1_000],
      ['SESSION_EXPIRING', 6_000],
      ['SESSION_EXPIRED', 15_000],
    ]);
  });

  test('does not move what is not to renew, renewing on purpose does', async () => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 10, warningSeconds: 4, autoRenew: false });
    await clock.advance(5_000);
    orThrow(await gateway.sessions.heartbeat(owner, { sessionId: id }));
    await clock.advance(2_000);
    orThrow(await gateway.sessions.renew(owner, { sessionId: id }));
    await clock.advance(20_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 6_000],
      ['SESSION_EXPIRING', 13_000],
      ['SESSION_EXPIRED', 17_000],
    ]);
  });

  test('carries a session to its maximum duration and no further', async () => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 10, warningSeconds: 2, maxDurationSeconds: 25 });
    for (let beat = 0; beat < 6; beat += 1) {
      await clock.advance(4_000);
      orThrow(await gateway.sessions.heartbeat(owner, { sessionId: id }));
    }
    await clock.advance(60_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 23_000],
      ['SESSION_EXPIRED', 25_000],
    ]);
  });

  test.each(['update', 'setTimeoutPolicy'] as const)('%s moves both', async (name) => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 100, warningSeconds: 10 });
    await clock.advance(5_000);
    const policy = { timeoutSeconds: 20, warningSeconds: 4 };
    orThrow(
      name === 'update'
        ? await gateway.sessions.update(owner, { sessionId: id, rules: { timeout: policy } })
        : await gateway.sessions.setTimeoutPolicy(owner, { sessionId: id, policy }),
    );
    await clock.advance(200_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 16_000],
      ['SESSION_EXPIRED', 20_000],
    ]);
  });

  test('a timeout that is taken away takes its end along', async () => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 2, warningSeconds: 1 });
    orThrow(await gateway.sessions.update(owner, { sessionId: id, rules: { timeout: null } }));
    await clock.advance(60_000);
    expect(await timeEvents(id)).toEqual([]);
  });

  test('between the look and the expiry saves the session', async () => {
    let between: (() => Promise<unknown>) | null = null;
    const quiet = createGateway(store, { clock });
    gatewayOver({
      ...store,
      async commit(commit) {
        const run = between;
        between = null;
        await run?.();
        return store.commit(commit);
      },
    });
    const id = await create(quiet, { timeoutSeconds: 10, warningSeconds: 0 });
    await clock.advance(9_999);
    // Decided on an instant before the expiry, committed while the expiry is: as another gateway with a clock of its own would.
    const earlier = createGateway(store, { clock: { ...clock, now: () => start + 9_999 } });
    between = () => earlier.sessions.heartbeat(owner, { sessionId: id });
    await clock.advance(1);
    expect(await timeEvents(id)).toEqual([]);
    await clock.advance(10_000);
    expect(await timeEvents(id)).toEqual([['SESSION_EXPIRED', 19_999]]);
  });
});

describe('at the start', () => {
  test.each([1, 2_500])('%d sessions that ran out while nobody looked expire, once', async (count) => {
    const silent = createGateway(store, { clock });
    const ids: SessionId[] = [];
    for (let n = 0; n < count; n += 1) ids.push(await create(silent, { timeoutSeconds: 10, warningSeconds: 5 }));
    await clock.advance(3_600_000);
    expect(await timeEvents(ids[0] ?? ('' as never))).toEqual([]);
    const gateway = gatewayOver(store);
    await clock.advance(0);
    for (const id of ids) expect(await timeEvents(id)).toEqual([['SESSION_EXPIRED', 3_600_000]]);
    expect(gateway.hints).toHaveLength(count);
    await clock.advance(10_000);
    expect(gateway.hints).toHaveLength(count);
  });

  test('a warning that was missed is given while there is something to warn of', async () => {
    const id = await create(createGateway(store, { clock }), { timeoutSeconds: 100, warningSeconds: 50 });
    await clock.advance(70_000);
    gatewayOver(store);
    await clock.advance(40_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 70_000],
      ['SESSION_EXPIRED', 100_000],
    ]);
    expect((await timelineOf(store, id))[1]?.body).toEqual({ type: 'SESSION_EXPIRING', secondsLeft: 30 });
  });

  test('what is scheduled before it is not lost', async () => {
    const gateway = gatewayOver(store, { started: false });
    const id = await create(gateway, { timeoutSeconds: 1, warningSeconds: 0 });
    await clock.advance(500);
    gateway.expiry.start();
    await clock.advance(5_000);
    expect(await timeEvents(id)).toEqual([['SESSION_EXPIRED', 1_000]]);
  });

  test('a second one changes nothing', async () => {
    const gateway = gatewayOver(store);
    await clock.advance(0);
    const { pending } = clock;
    gateway.expiry.start();
    await clock.advance(0);
    expect(clock.pending).toBe(pending);
  });
});

test('two gateways over one store make each event once', async () => {
  const [one, two] = [gatewayOver(store), gatewayOver(store)];
  const ids: SessionId[] = [];
  for (let n = 0; n < 40; n += 1) ids.push(await create(n % 2 === 0 ? one : two, { timeoutSeconds: 5 + (n % 3), warningSeconds: 2 }));
  await clock.advance(60_000);
  for (const [n, id] of ids.entries()) {
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', (3 + (n % 3)) * 1_000],
      ['SESSION_EXPIRED', (5 + (n % 3)) * 1_000],
    ]);
  }
});

describe('where the gateway that planned it is gone', () => {
  test.each([
    ['before the warning', 1_000],
    ['between the warning and the expiry', 4_500],
  ])('%s, another makes what is left at its time', async (_, goneAt) => {
    const [planning] = [gatewayOver(store), gatewayOver(store)];
    await clock.advance(700);
    const id = await create(planning, { timeoutSeconds: 6, warningSeconds: 3 });
    await clock.advance(goneAt - 700);
    await planning.expiry[Symbol.asyncDispose]();
    await clock.advance(60_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 3_700],
      ['SESSION_EXPIRED', 6_700],
    ]);
  });

  test('another that begins too late for the warning gives it at once, with what is left', async () => {
    const planning = gatewayOver(store);
    const id = await create(planning, { timeoutSeconds: 60, warningSeconds: 30 });
    await planning.expiry[Symbol.asyncDispose]();
    await clock.advance(40_000);
    gatewayOver(store);
    await clock.advance(60_000);
    expect(await timeEvents(id)).toEqual([
      ['SESSION_EXPIRING', 40_000],
      ['SESSION_EXPIRED', 60_000],
    ]);
  });
});

test('two gateways over one SQLite file make each event once', async () => {
  store = stack.use(await storeDrivers.sqlite());
  const silent = createGateway(store, { clock });
  const ids: SessionId[] = [];
  for (let n = 0; n < 100; n += 1) ids.push(await create(silent, { timeoutSeconds: 10 }));
  await clock.advance(60_000);
  const seen = new EventEmitter();
  let left = ids.length;
  bus.subscribe(() => {
    left -= 1;
    if (left === 0) seen.emit('all');
  });
  const all = once(seen, 'all');
  gatewayOver(store);
  gatewayOver(store);
  await all;
  for (const id of ids) expect(await timeEvents(id)).toEqual([['SESSION_EXPIRED', 60_000]]);
});

describe('a store that fails', () => {
  /** The reports so far, taken off the list that has to be empty in the end. */
  const taken = (): unknown[] => errors.splice(0);

  test('is reported, and asked again with the next look, no sooner', async () => {
    let fails = true;
    let asked = 0;
    gatewayOver({
      ...store,
      sessions: {
        ...store.sessions,
        async due(before, limit) {
          asked += 1;
          if (fails) throw new Error('gone');
          return store.sessions.due(before, limit);
        },
      },
    });
    const id = await create(createGateway(store, { clock }), { timeoutSeconds: 2, warningSeconds: 0 });
    await clock.advance(10_000);
    expect(asked).toBe(11);
    expect(taken()).toEqual(Array.from({ length: 11 }, () => new Error('gone')));
    fails = false;
    await clock.advance(1_000);
    expect(await timeEvents(id)).toEqual([['SESSION_EXPIRED', 11_000]]);
  });

  test('to commit is reported, and asked again with the next look, no sooner', async () => {
    let fails = true;
    let commits = 0;
    gatewayOver({
      ...store,
      async commit(commit) {
        commits += 1;
        if (fails) throw new Error('disk full');
        return store.commit(commit);
      },
    });
    const silent = createGateway(store, { clock });
    const ids = [
      await create(silent, { timeoutSeconds: 5, warningSeconds: 0 }),
      await create(silent, { timeoutSeconds: 5, warningSeconds: 0 }),
    ];
    await clock.advance(10_000);
    // At the instant of each, and in each of the five looks that followed; the first of these may come right behind.
    expect(commits).toBeGreaterThanOrEqual(12);
    expect(commits).toBeLessThanOrEqual(14);
    expect(taken().length).toBeGreaterThan(0);
    fails = false;
    await clock.advance(1_000);
    for (const id of ids) expect(await timeEvents(id)).toEqual([['SESSION_EXPIRED', 11_000]]);
  });

  test('for one session does not keep the others waiting', async () => {
    const silent = createGateway(store, { clock });
    const ids: SessionId[] = [];
    for (let n = 0; n < 1_200; n += 1) ids.push(await create(silent, { timeoutSeconds: 10, warningSeconds: 0 }));
    const [bad] = ids;
    await clock.advance(60_000);
    gatewayOver({
      ...store,
      async commit(commit) {
        if (commit.kind === 'change' && commit.sessionId === bad) throw new Error('bad page');
        return store.commit(commit);
      },
    });
    await clock.advance(0);
    for (const id of ids) expect(await timeEvents(id)).toEqual(id === bad ? [] : [['SESSION_EXPIRED', 60_000]]);
    const reports = taken();
    expect(reports.length).toBeGreaterThan(0);
    expect(reports.length).toBeLessThan(5);
  });
});

describe('at the end', () => {
  test('nothing is waited for any more, and nothing happens', async () => {
    const gateway = gatewayOver(store);
    const id = await create(gateway, { timeoutSeconds: 1 });
    await clock.advance(0);
    expect(clock.pending).toBe(2);
    await gateway.expiry[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
    gateway.expiry.schedule(id, clock.now() + 1);
    gateway.expiry.start();
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
    expect(await timeEvents(id)).toEqual([]);
    await gateway.expiry[Symbol.asyncDispose]();
  });

  test('what is being written is waited for, and the rest is left', async () => {
    const silent = createGateway(store, { clock });
    for (let n = 0; n < 300; n += 1) await create(silent, { timeoutSeconds: 10 });
    await clock.advance(60_000);
    const doors: (() => void)[] = [];
    let commits = 0;
    const gateway = gatewayOver({
      ...store,
      async commit(commit) {
        commits += 1;
        await new Promise<void>((resolve) => doors.push(resolve));
        return store.commit(commit);
      },
    });
    await clock.advance(0);
    const begun = commits;
    expect(begun).toBeGreaterThan(0);
    let closed = false;
    const closing = (async () => {
      await gateway.expiry[Symbol.asyncDispose]();
      closed = true;
    })();
    await clock.advance(0);
    expect(closed).toBe(false);
    for (const open of doors.splice(0)) open();
    await closing;
    expect(commits).toBe(begun);
    expect(gateway.hints).toHaveLength(begun);
  });

  test('one that was never started ends too', async () => {
    const { expiry } = gatewayOver(store, { started: false });
    expiry.schedule(newSessionId(), clock.now() + 1);
    await expiry[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });
});
