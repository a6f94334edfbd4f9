import { expect } from 'vitest';
import { newMemberId } from '../../src/core/ids.ts';
import type { MemberId } from '../../src/core/ids.ts';
import { start } from '../support/store-fixtures.ts';
import type { Checks } from './store-suite.ts';

const note = (gateway: string, over: { entered?: readonly MemberId[]; left?: readonly MemberId[]; now?: number; until?: number } = {}) => ({
  gateway,
  entered: [],
  left: [],
  now: start,
  until: start + 10_000,
  ...over,
});

export const presenceChecks: Checks = (check) => {
  check('has online whom a gateway notes, until it notes that they are not, for every gateway but the one that asks', async (store) => {
    const [ada, bob, eve] = [newMemberId(), newMemberId(), newMemberId()] as const;
    const { presence } = store;
    expect(await presence.online([ada, bob], start, 'two')).toEqual([false, false]);
    expect(await presence.note(note('one', { entered: [ada, bob] }))).toBe(false);
    expect(await presence.online([eve, bob, ada, bob], start, 'two')).toEqual([false, true, true, true]);
    expect(await presence.online([ada, bob], start, 'one')).toEqual([false, false]);
    expect(await presence.note(note('one', { entered: [eve], left: [ada] }))).toBe(true);
    expect(await presence.online([ada, bob, eve], start, 'two')).toEqual([false, true, true]);
    expect(await presence.online([], start, 'two')).toEqual([]);
  });

  check('counts a member at several gateways as online until the last of them lets it go', async (store) => {
    const ada = newMemberId();
    const { presence } = store;
    await Promise.all([presence.note(note('one', { entered: [ada] })), presence.note(note('two', { entered: [ada] }))]);
    await presence.note(note('one', { left: [ada] }));
    expect(await presence.online([ada], start, 'three')).toEqual([true]);
    await presence.leave('two');
    expect(await presence.online([ada], start, 'three')).toEqual([false]);
    // Neither known nor there to be forgotten.
    await presence.leave('two');
    expect(await presence.note(note('two'))).toBe(false);
  });

  check('takes the same note twice', async (store) => {
    const ada = newMemberId();
    const { presence } = store;
    for (const left of [[], [newMemberId()]]) await presence.note(note('one', { entered: [ada, ada], left }));
    expect(await presence.online([ada], start, 'two')).toEqual([true]);
    for (const left of [[ada], [ada, ada]]) await presence.note(note('one', { left }));
    expect(await presence.online([ada], start, 'two')).toEqual([false]);
  });

  check('has nobody online at a gateway that has not said for long that it is there', async (store) => {
    const ada = newMemberId();
    const { presence } = store;
    await presence.note(note('one', { entered: [ada] }));
    expect(await presence.online([ada], start + 9_999, 'two')).toEqual([true]);
    expect(await presence.online([ada], start + 10_000, 'two')).toEqual([false]);
    // It is late, but nobody has forgotten it.
    expect(await presence.note(note('one', { now: start + 11_000, until: start + 21_000 }))).toBe(true);
    expect(await presence.online([ada], start + 11_000, 'two')).toEqual([true]);
    // Later still another one has.
    await presence.note(note('two', { now: start + 21_000, until: start + 31_000 }));
    expect(await presence.note(note('one', { now: start + 22_000, until: start + 32_000 }))).toBe(false);
    expect(await presence.online([ada], start + 22_000, 'two')).toEqual([false]);
    expect(await presence.note(note('one', { entered: [ada], now: start + 22_000, until: start + 32_000 }))).toBe(true);
    expect(await presence.online([ada], start + 22_000, 'two')).toEqual([true]);
  });

  check('notes thousands, and gateways that note, leave and forget each other at once', async (store) => {
    const { presence } = store;
    const members = Array.from({ length: 3_000 }, () => newMemberId());
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const gateway = `gateway ${index}`;
        const own = members.slice(index * 250, index * 250 + 250);
        // Some have their time behind them before they are noted.
        const until = index % 3 === 0 ? start - 1 : start + 10_000;
        for (let round = 0; round < 5; round += 1) await presence.note(note(gateway, { entered: own, until }));
        if (index % 3 === 1) await presence.leave(gateway);
      }),
    );
    const online = await presence.online(members, start, 'asking');
    expect(online).toEqual(members.map((_, index) => Math.floor(index / 250) % 3 === 2));
  });
};
