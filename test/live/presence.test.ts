import { expect, test } from 'vitest';
import { newMemberId } from '../../src/core/ids.ts';
import type { PresenceStore } from '../../src/core/ports.ts';
import { createPresence } from '../../src/live/presence.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createTestClock } from '../support/core-clock.ts';

const unexpected = (error: unknown): never => {
  throw error;
};

/** Two gateways over one store, which counts what is noted and can be made to fail. */
function createPair() {
  const clock = createTestClock();
  const { presence: plain } = createMemoryStore();
  const notes: Parameters<PresenceStore['note']>[0][] = [];
  const state = { failing: false };
  const errors: unknown[] = [];
  const store: PresenceStore = {
    ...plain,
    async note(note) {
      if (state.failing) throw new Error('The store is away');
      notes.push(note);
      return plain.note(note);
    },
  };
  const here = createPresence({ store, clock, report: (error) => errors.push(error) });
  const there = createPresence({ store: plain, clock, report: unexpected });
  return { clock, plain, notes, state, errors, here, there };
}

test('knows its own at once, and others as soon as they are noted', async () => {
  const { clock, here, there } = createPair();
  const [ada, bob] = [newMemberId(), newMemberId()];
  const entered = here.enter(ada);
  expect(await here.online([ada, bob])).toEqual([true, false]);
  expect(await there.online([ada, bob])).toEqual([false, false]);
  await clock.advance(50);
  expect(await there.online([bob, ada])).toEqual([false, true]);
  entered[Symbol.dispose]();
  expect(await here.online([ada])).toEqual([false]);
  await clock.advance(50);
  expect(await there.online([ada])).toEqual([false]);
});

test('counts the subscriptions of a member, and each of them once', async () => {
  const { clock, here, there, notes } = createPair();
  const ada = newMemberId();
  const first = here.enter(ada);
  const second = here.enter(ada);
  await clock.advance(50);
  for (const entered of [first, first]) entered[Symbol.dispose]();
  await clock.advance(50);
  expect(await there.online([ada])).toEqual([true]);
  second[Symbol.dispose]();
  await clock.advance(50);
  expect(await there.online([ada])).toEqual([false]);
  // A page that is loaded anew is nobody's coming or going.
  const before = notes.length;
  for (let times = 0; times < 10; times += 1) here.enter(ada)[Symbol.dispose]();
  await clock.advance(50);
  expect(notes).toHaveLength(before);
});

test('notes many together, and says that it is there only as long as somebody is online', async () => {
  const { clock, here, there, notes } = createPair();
  const members = Array.from({ length: 2_500 }, () => newMemberId());
  const entered = members.map((id) => here.enter(id));
  await clock.advance(50);
  expect(notes.map((note) => note.entered.length).toSorted((a, b) => a - b)).toEqual([500, 1_000, 1_000]);
  await clock.advance(60_000);
  expect(await there.online(members)).toEqual(members.map(() => true));
  for (const each of entered) each[Symbol.dispose]();
  await clock.advance(50);
  const before = notes.length;
  await clock.advance(60_000);
  expect(notes).toHaveLength(before);
  expect(clock.pending).toBe(0);
});

test('has the members of a gateway that dies offline after ten seconds', async () => {
  const { clock, here, there, state } = createPair();
  const ada = newMemberId();
  here.enter(ada);
  await clock.advance(50);
  state.failing = true;
  await clock.advance(6_900);
  expect(await there.online([ada])).toEqual([true]);
  await clock.advance(3_100);
  expect(await there.online([ada])).toEqual([false]);
});

test('notes all again where it was forgotten, or its notes were lost', async () => {
  const { clock, here, there, plain, state, errors } = createPair();
  const [ada, bob, eve] = [newMemberId(), newMemberId(), newMemberId()];
  here.enter(ada);
  const leaving = here.enter(bob);
  await clock.advance(50);
  state.failing = true;
  leaving[Symbol.dispose]();
  here.enter(eve);
  await clock.advance(30_000);
  // Once, however often it tries.
  expect(errors).toHaveLength(1);
  const now = clock.now();
  await plain.note({ gateway: 'another', entered: [], left: [], now, until: now + 10_000 });
  state.failing = false;
  await clock.advance(3_000);
  expect(await there.online([ada, bob, eve])).toEqual([true, false, true]);
  await here[Symbol.asyncDispose]();
  expect(await there.online([ada, bob, eve])).toEqual([false, false, false]);
  expect(clock.pending).toBe(0);
});

test('notes again what was noted without an answer, be it there or not', async () => {
  const clock = createTestClock();
  const { presence: plain } = createMemoryStore();
  let losing = true;
  const store: PresenceStore = {
    ...plain,
    async note(note) {
      const isKnown = await plain.note(note);
      if (losing) throw new Error('The answer is lost');
      return isKnown;
    },
  };
  const here = createPresence({ store, clock, report: () => undefined });
  const [ada, bob] = [newMemberId(), newMemberId()];
  here.enter(ada);
  const leaving = here.enter(bob);
  await clock.advance(50);
  leaving[Symbol.dispose]();
  losing = false;
  await clock.advance(3_000);
  expect(await plain.online([ada, bob], clock.now(), 'asking')).toEqual([true, false]);
});

test('leaves nothing behind, and writes nothing where nobody was online', async () => {
  const { clock, here, there, notes, plain } = createPair();
  await here[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
  expect(notes).toEqual([]);
  const ada = newMemberId();
  there.enter(ada);
  await clock.advance(50);
  await there[Symbol.asyncDispose]();
  expect(await plain.online([ada], clock.now(), 'asking')).toEqual([false]);
});
