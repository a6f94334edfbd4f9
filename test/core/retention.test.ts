import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noUpstream } from '../../src/core/decide/facts.ts';
import { type SessionId, messageIdFrom } from '../../src/core/ids.ts';
import type { NewMessage } from '../../src/core/commit.ts';
import type { Store } from '../../src/core/ports.ts';
import { orThrow } from '../../src/core/problem.ts';
import { type Retention, type RetentionOptions, createRetention } from '../../src/core/retention.ts';
import type { Removed, RetentionLimits } from '../../src/core/retention-round.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { type TestClock, createTestClock } from '../support/core-clock.ts';
import { expectProblem } from '../support/core-fixtures.ts';
import { admitted, apiKey, createGateway, messagesOf, storeDrivers, user } from '../support/core-service.ts';
import { said } from '../support/scripted-service.ts';
import { accepted, createServiceWorld } from '../support/service-world.ts';
import { aChange, aMember, aMessage, aSending, created, stored } from '../support/store-fixtures.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const nothing: RetentionLimits = {
  idempotencyMs: day,
  timelineMs: null,
  timelineEvents: null,
  messageMs: null,
  messageCount: null,
  endedSessionMs: null,
};

let store: Store;
let clock: TestClock;
let errors: unknown[];
let opened: Retention[];
let rounds: (Removed | null)[];
const open = ({
  limits = {},
  ...options
}: Partial<Omit<RetentionOptions, 'limits'>> & { readonly limits?: Partial<RetentionLimits> } = {}) => {
  const retention = createRetention({
    store,
    clock,
    limits: { ...nothing, ...limits },
    report: (error) => errors.push(error),
    onRound: (removed) => rounds.push(removed),
    ...options,
  });
  opened.push(retention);
  return retention;
};
beforeEach(() => {
  store = createMemoryStore();
  clock = createTestClock();
  errors = [];
  opened = [];
  rounds = [];
});
afterEach(async () => {
  for (const retention of opened) await retention[Symbol.asyncDispose]();
});

/** Does one round, until it is over, and answers what it has removed. */
async function roundOf(limits: Partial<RetentionLimits>, options: Partial<RetentionOptions> = {}): Promise<Removed | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Removed | null>();
  await using retention = createRetention({
    store,
    clock,
    report: reject,
    onRound: resolve,
    ...options,
    limits: { ...nothing, ...limits },
  });
  retention.start();
  return await promise;
}

/** Sends one message for each of the ages. */
async function sentAt(sessionId: SessionId, ages: readonly number[], over: Partial<NewMessage> = {}): Promise<void> {
  for (const [index, age] of ages.entries()) {
    const at = clock.now() - age;
    await store.commit(aSending(sessionId, [aMessage(sessionId, { createdAt: at, content: `${index + 1}`, ...over })], { at }));
  }
}

const eventsOf = async (id: SessionId): Promise<readonly number[]> =>
  (await store.timeline.read(id, 0, 10_000)).events.map(({ seq }) => seq);
const contentsOf = async (id: SessionId): Promise<readonly string[]> => (await messagesOf(store, id)).map(({ content }) => content);

/** A store of which one operation of retention is another. */
const withRetention = (parts: Partial<Store['retention']>): Store => ({ ...store, retention: { ...store.retention, ...parts } });

/** Uses the key once and answers with the session that it gave. */
const useKey = async (key: string) =>
  orThrow(await createGateway(store, { clock }).sessions.create(apiKey('k1'), { idempotencyKey: key })).sessionId;

describe('the task', () => {
  test('an idempotency key is remembered for its time and no longer', async () => {
    open().start();
    const first = await useKey('a');
    await clock.advance(24 * hour);
    expect(await useKey('a')).toBe(first);
    await clock.advance(hour);
    expect(await useKey('a')).not.toBe(first);
  });

  test('a challenge is forgotten once it has ended', async () => {
    open({ intervalMs: hour }).start();
    await store.challenges.put({ id: 'one', payload: 'x', expiresAt: clock.now() + hour / 2 });
    await store.challenges.put({ id: 'two', payload: 'y', expiresAt: clock.now() + 3 * hour });
    await clock.advance(2 * hour);
    expect(await store.challenges.take('one', 0)).toBeNull();
    expect(await store.challenges.take('two', clock.now())).toBe('y');
  });

  test('a failure is reported, and the next round tries again', async () => {
    let tries = 0;
    const prune = async (): Promise<number> => {
      tries += 1;
      throw new Error('gone');
    };
    open({ intervalMs: hour, store: withRetention({ prune }) }).start();
    await clock.advance(3 * hour);
    expect(tries).toBe(4);
    expect(errors).toEqual(Array.from({ length: 4 }, () => new Error('gone')));
  });

  test('a second start is none', async () => {
    const retention = open();
    retention.start();
    retention.start();
    await clock.advance(hour);
    expect(clock.pending).toBe(1);
  });

  test('its end leaves nothing behind, whether or not it had begun', async () => {
    const never = open();
    await never[Symbol.asyncDispose]();
    never.start();
    await clock.advance(hour);
    expect(clock.pending).toBe(0);
    const retention = open();
    retention.start();
    await clock.advance(hour);
    expect(clock.pending).toBe(1);
    await retention[Symbol.asyncDispose]();
    await retention[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });

  test('its end waits for the step that is under way, and no other is made', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    let begun = false;
    const prune = (): Promise<number> => {
      begun = true;
      return promise;
    };
    let surveys = 0;
    const survey: Store['retention']['survey'] = async (...given) => {
      surveys += 1;
      return store.retention.survey(...given);
    };
    const retention = open({ limits: { messageMs: day }, store: withRetention({ prune, survey }) });
    retention.start();
    await expect.poll(() => begun).toBe(true);
    let closed = false;
    const closing = (async () => {
      await retention[Symbol.asyncDispose]();
      closed = true;
    })();
    await clock.advance(hour);
    expect(closed).toBe(false);
    resolve(0);
    await closing;
    expect({ pending: clock.pending, surveys }).toEqual({ pending: 0, surveys: 0 });
    // The next one need not wait for the lease to run out.
    expect(await roundOf({})).not.toBeNull();
  });
});

describe('one gateway at a time', () => {
  test('a second one leaves its round out, and has the next', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    open({ store: withRetention({ prune: () => promise }), intervalMs: hour }).start();
    open({ intervalMs: hour }).start();
    await clock.advance(0);
    expect(rounds).toEqual([null]);
    resolve(7);
    await clock.advance(0);
    expect(rounds).toMatchObject([null, { records: 7 }]);
    await clock.advance(hour);
    expect(rounds.slice(2)).not.toContain(null);
  });

  test('a round that takes long keeps the lease, and one whose holder died is taken over', async () => {
    await created(store, { status: 'ENDED', updatedAt: 0 });
    let died = false;
    const never = new Promise<never>(() => {});
    let steps = 0;
    // As a session of very many rows.
    const removeSession = async (): Promise<boolean> => {
      if (died) return never;
      steps += 1;
      await new Promise<void>((done) => void clock.at(clock.now() + 10_000, () => done()));
      return false;
    };
    // It is not disposed: its process is gone.
    createRetention({
      store: withRetention({ removeSession }),
      clock,
      limits: { ...nothing, endedSessionMs: day },
      report: (error) => errors.push(error),
    }).start();
    open({ intervalMs: 15_000 }).start();
    await clock.advance(10 * minute);
    expect(steps).toBeGreaterThan(30);
    expect(rounds.length).toBeGreaterThan(30);
    expect(rounds.every((removed) => removed === null)).toBe(true);
    died = true;
    await clock.advance(2 * minute);
    expect(rounds.at(-1)).toMatchObject({ sessions: 0 });
    expect(errors).toEqual([]);
  });

  test('who finds that another has taken over stops, and does not give back what is not its own', async () => {
    await created(store, { status: 'ENDED', updatedAt: 0 });
    let steps = 0;
    const removeSession = async (): Promise<boolean> => {
      steps += 1;
      await clock.advance(2 * minute);
      await store.lease('retention', 'another', clock.now(), clock.now() + hour);
      return false;
    };
    await roundOf({ endedSessionMs: day }, { store: withRetention({ removeSession }) });
    expect(steps).toBe(1);
    expect(await store.lease('retention', 'a third', clock.now(), clock.now() + hour)).toBe(false);
  });
});

describe.each(Object.entries(storeDrivers))('a round on %s', (_, openStore) => {
  beforeEach(async () => {
    store = await openStore();
  });
  afterEach(() => store[Symbol.asyncDispose]());

  test('removes events that are too old, and no other', async () => {
    const one = await created(store);
    const two = await created(store);
    await sentAt(one.id, [40 * day, 31 * day, 30 * day + 1, 30 * day, day]);
    await sentAt(two.id, [31 * day, 31 * day]);
    expect(await roundOf({ timelineMs: 30 * day })).toEqual({ records: 0, events: 5, messages: 0, sessions: 0 });
    expect(await eventsOf(one.id)).toEqual([4, 5]);
    expect(await store.timeline.read(two.id, 0, 10)).toEqual({ events: [], oldest: 3, head: 2 });
    expect(await messagesOf(store, one.id)).toHaveLength(5);
    expect(await roundOf({ timelineMs: 30 * day })).toEqual({ records: 0, events: 0, messages: 0, sessions: 0 });
  });

  test('removes events beyond the number, but for the last minutes', async () => {
    const { id } = await created(store);
    await sentAt(id, [...Array.from({ length: 1_203 }, () => hour), 9 * minute, 9 * minute]);
    expect(await roundOf({ timelineEvents: 5 })).toMatchObject({ events: 1_200 });
    expect(await eventsOf(id)).toEqual([1_201, 1_202, 1_203, 1_204, 1_205]);
    expect(await roundOf({ timelineEvents: 1 })).toMatchObject({ events: 3 });
    await clock.advance(2 * minute);
    expect(await roundOf({ timelineEvents: 1 })).toMatchObject({ events: 1 });
    expect(await eventsOf(id)).toEqual([1_205]);
    expect(await stored(store, id)).toMatchObject({ seq: 1_205 });
  });

  test('leaves no gap where instants are not in their order', async () => {
    const { id } = await created(store);
    await sentAt(id, [40 * day, day, 40 * day, 40 * day]);
    await roundOf({ timelineMs: 30 * day, messageMs: 30 * day });
    expect(await eventsOf(id)).toEqual([2, 3, 4]);
    expect(await contentsOf(id)).toEqual(['2', '3', '4']);
    await clock.advance(30 * day);
    await roundOf({ timelineMs: 30 * day, messageMs: 30 * day });
    expect([await eventsOf(id), await contentsOf(id)]).toEqual([[], []]);
  });

  test('removes messages by age and by number, oldest first, and their files from the count', async () => {
    const gateway = createGateway(store, { clock });
    const admission = orThrow(await gateway.sessions.create(apiKey('k1'), { rules: { maxFiles: 3, maxTotalMegabytes: 3 } }));
    const { sessionId } = admission;
    const host = await admitted(store, admission);
    const attachments = [{ url: 'https://example.org/f', sizeBytes: 1_000_000 }];
    const send = (content: string) => gateway.sessions.send(host, { content, attachments });
    for (const content of ['a', 'b', 'c']) {
      orThrow(await send(content));
      await clock.advance(day);
    }
    expectProblem(await send('d'), 'TOO_LARGE', ['attachments']);
    expect(await roundOf({ messageMs: 2.5 * day })).toMatchObject({ messages: 1, events: 0 });
    expect(await stored(store, sessionId)).toMatchObject({ files: 2, fileBytes: 2_000_000 });
    orThrow(await send('d'));
    expectProblem(await send('e'), 'TOO_LARGE', ['attachments']);
    await clock.advance(hour);
    expect(await roundOf({ messageCount: 2 })).toMatchObject({ messages: 1 });
    expect(await contentsOf(sessionId)).toEqual(['c', 'd']);
    orThrow(await send('e'));
    const { events } = await store.timeline.read(sessionId, 0, 10);
    expect(events.map(({ message }) => message?.content ?? null)).toEqual([null, null, null, 'c', 'd', 'e']);
  });

  test('removes sessions so long after their end, and refuses what names them', async () => {
    const gateway = createGateway(store, { clock });
    const key = apiKey('k1');
    const input = { idempotencyKey: 'create' };
    const admission = orThrow(await gateway.sessions.create(key, input));
    const { sessionId } = admission;
    const host = await admitted(store, admission);
    const message = { content: 'hello', idempotencyKey: 'send' };
    orThrow(await gateway.sessions.send(host, message));
    const going = orThrow(await gateway.sessions.create(key, {}));
    orThrow(await gateway.sessions.end(host, {}));
    await clock.advance(20 * hour);
    const limits = { idempotencyMs: 10 * day, endedSessionMs: 2 * day };
    expect(await roundOf(limits)).toMatchObject({ sessions: 0 });
    await clock.advance(29 * hour);
    expect(await roundOf(limits)).toMatchObject({ sessions: 1 });
    expect(await store.sessions.byIds([sessionId, going.sessionId])).toMatchObject([null, { id: going.sessionId }]);
    expect(await store.members.byIds([admission.memberId])).toEqual([null]);
    // Its keys are remembered, and their answers cannot be given again.
    expectProblem(await gateway.sessions.create(key, input), 'NOT_FOUND', ['sessionId']);
    expectProblem(await gateway.sessions.send(host, message), 'CONFLICT', ['idempotencyKey']);
    expectProblem(await gateway.sessions.send(host, { content: 'again' }), 'NOT_FOUND', ['sessionId']);
  });

  test('goes on where one was broken off', async () => {
    const sessions = [await created(store), await created(store), await created(store)];
    for (const { id } of sessions) await sentAt(id, [40 * day, 40 * day, day]);
    const over = await created(store, { status: 'EXPIRED', updatedAt: clock.now() - 40 * day });
    await store.commit(aChange(over.id, { members: Array.from({ length: 40 }, () => aMember(over.id)) }));
    const limits = { timelineMs: 30 * day, messageMs: 30 * day, endedSessionMs: 30 * day };
    // Three timelines, three histories, and 40 events and members in steps of 30: that many processes, each gone after its first step.
    for (let step = 0; step < 8; step += 1) {
      const { promise: gone, resolve: die } = Promise.withResolvers<void>();
      let steps = 0;
      /** Nothing more is written, and no lease given back. */
      const once = async <T>(work: () => Promise<T>): Promise<T> => {
        steps += 1;
        if (steps === 1) return work();
        die();
        return new Promise<never>(() => {});
      };
      createRetention({
        store: withRetention({
          deleteThrough: (...given) => once(() => store.retention.deleteThrough(...given)),
          removeSession: (id) => once(() => store.retention.removeSession(id, 30)),
        }),
        clock,
        limits: { ...nothing, ...limits },
        report: (error) => errors.push(error),
        // Not in the last ones, that have one step to do.
        onRound: () => die(),
      }).start();
      await gone;
      await clock.advance(2 * minute);
    }
    expect(await roundOf(limits)).toEqual({ records: 0, events: 0, messages: 0, sessions: 0 });
    for (const { id } of sessions) {
      expect([await eventsOf(id), await contentsOf(id)]).toEqual([[3], ['3']]);
      const [page] = await store.messages.list([{ sessionId: id, page: { limit: 1 } }]);
      expect(page?.totalCount).toBe(1);
    }
    expect(await store.sessions.byIds([over.id])).toEqual([null]);
    expect(errors).toEqual([]);
  });
});

describe('a round', () => {
  test('does not look at sessions where everything is kept', async () => {
    const survey = async (): Promise<never> => {
      throw new Error('Nothing was to be looked for');
    };
    expect(await roundOf({}, { store: withRetention({ survey }) })).toEqual({ records: 0, events: 0, messages: 0, sessions: 0 });
  });

  test('looks after the others where a session fails, and reports it', async () => {
    const sessions = [await created(store), await created(store), await created(store)];
    for (const { id } of sessions) await sentAt(id, [40 * day]);
    const bad = sessions[1]?.id;
    const deleteThrough: Store['retention']['deleteThrough'] = async (history, id, seq) => {
      if (id === bad) throw new Error('damaged');
      return store.retention.deleteThrough(history, id, seq);
    };
    const failure = await roundOf({ timelineMs: 30 * day }, { store: withRetention({ deleteThrough }) }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: '1 sessions could not be looked after', errors: [new Error('damaged')] });
    expect(await Promise.all(sessions.map(({ id }) => eventsOf(id)))).toEqual([[], [1], []]);
  });

  test('ends where everything fails', async () => {
    for (let count = 0; count < 30; count += 1) await sentAt((await created(store)).id, [40 * day]);
    let tries = 0;
    const oldest = async (): Promise<never> => {
      tries += 1;
      throw new Error('gone');
    };
    const failure = await roundOf({ timelineMs: 30 * day }, { store: withRetention({ oldest }) }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: '10 sessions could not be looked after' });
    expect(tries).toBe(10);
  });
});

describe.each(Object.entries(storeDrivers))('what a service has, on %s', (_, openStore) => {
  const kinds = {
    'by its id': {},
    'by what it says': { sent: () => ({ id: null }), parts: { matchesByContent: true } },
  };

  test.each(Object.entries(kinds))('does not come back once it is removed, told %s', async (__, kind) => {
    await using opened = await openStore();
    store = opened;
    await using world = createServiceWorld({ store, ...kind });
    ({ clock } = world);
    const ada = await world.create();
    const { sessionId } = ada.admission;
    /** As a gateway sees it that has not seen any of it before. */
    const history = async (): Promise<readonly string[]> => {
      await using other = createServiceWorld({ store, remote: world.remote, clock });
      expect(await other.upstreams.ingest.history(await world.session(ada))).toBeNull();
      return contentsOf(sessionId);
    };
    for (let count = 1; count <= 4; count += 1) {
      accepted(await world.sessions.send(ada.caller, { sessionId, content: `mine ${count}` }));
      world.remote.room().messages.push(said(`theirs ${count}`, { createdAt: clock.now() }));
      await history();
      await clock.advance(hour);
    }
    const all = await history();
    expect(all).toHaveLength(8);
    // Its clock is ahead by a little.
    const room = world.remote.room();
    room.messages = room.messages.map((message) => Object.assign({}, message, { createdAt: message.createdAt + 5_000 }));
    expect(await roundOf({ messageMs: 3.5 * hour })).toMatchObject({ messages: 2 });
    expect(await history()).toEqual(all.slice(2));
    expect(await roundOf({ messageCount: 4 })).toMatchObject({ messages: 2 });
    expect(await history()).toEqual(all.slice(4));
    // What is new still comes.
    world.remote.room().messages.push(said('news', { createdAt: clock.now() }));
    expect(await history()).toEqual([...all.slice(4), 'text of news']);
  });

  test('is not removed before it is certain that it does not come back', async () => {
    await using opened = await openStore();
    store = opened;
    const { id } = await created(store, { upstream: noUpstream });
    await sentAt(id, [40 * day], { id: messageIdFrom(id, 'a') });
    const busy: Store = { ...store, commit: async () => ({ kind: 'conflict' }) };
    expect(await roundOf({ messageMs: 30 * day }, { store: busy })).toMatchObject({ messages: 0 });
    expect(await messagesOf(store, id)).toHaveLength(1);
    expect(await roundOf({ messageMs: 30 * day })).toMatchObject({ messages: 1 });
    const { upstream, version } = await stored(store, id);
    expect({ clearedAt: upstream?.clearedAt, version }).toEqual({ clearedAt: clock.now() - 40 * day + minute, version: 2 });
  });

  test('is not met again as new after its session was removed, and is found by nobody', async () => {
    await using opened = await openStore();
    store = opened;
    await using world = createServiceWorld({ store });
    ({ clock } = world);
    const owner = user('grace');
    const admission = accepted(await world.sessions.create(owner, { backend: 'remote', title: 'A secret plan', metadata: { a: 1 } }));
    const { sessionId } = admission;
    accepted(await world.sessions.send(owner, { sessionId, content: 'hello' }));
    const before = await stored(store, sessionId);
    await store.commit(
      aChange(sessionId, {
        guard: { version: before.version, exclusive: true },
        set: { status: 'ENDED', updatedAt: clock.now(), dueAt: null },
      }),
    );
    await clock.advance(31 * day);
    expect(await roundOf({ endedSessionMs: 30 * day })).toMatchObject({ sessions: 1 });
    expect(await roundOf({ endedSessionMs: 30 * day })).toMatchObject({ sessions: 0 });
    const left = await stored(store, sessionId);
    expect(left).toMatchObject({ handle: before.handle, status: 'ENDED', seq: before.seq, updatedAt: before.updatedAt, activeMembers: 0 });
    expect(JSON.stringify(left)).not.toMatch(/secret|grace/);
    expect(await messagesOf(store, sessionId)).toEqual([]);
    expect(await store.members.byIds([admission.memberId])).toEqual([null]);
    const again = await world.upstreams.find('remote', before.handle);
    expect(again).toMatchObject({ id: sessionId, status: 'ENDED' });
    const listed = await store.sessions.list({
      page: { limit: 10 },
      audience: { public: true, principal: before.createdBy, sessionId: null },
      now: clock.now(),
    });
    expect(listed.totalCount).toBe(0);
  });
});
