import { describe, expect, test } from 'vitest';
import { answeredAlone } from '../../../src/backends/eliza/answers.ts';
import { createTurns } from '../../../src/backends/eliza/turns.ts';
import { problem } from '../../../src/core/problem.ts';
import type { ServiceMessage } from '../../../src/core/service.ts';

describe('turns', () => {
  const reply = (id: string, createdAt = 10): ServiceMessage => ({
    id,
    role: 'ASSISTANT',
    content: id,
    author: { id: null, name: null },
    createdAt,
  });
  const noop = (): void => {};

  const takenAt = (id: string, created_at: number) => ({ id, created_at });

  test('end with the reply to their message, whatever the order', async () => {
    const turns = createTurns();
    const [one, other] = [turns.begin(noop), turns.begin(noop)];
    expect([turns.settle(reply('a'), 'one'), turns.waiting]).toEqual([null, false]);
    [one.taken, other.taken] = [takenAt('one', 5), takenAt('other', 6)];
    expect([turns.waiting, turns.since]).toEqual([true, 5]);
    expect([turns.settle(reply('b'), 'other'), turns.settle(reply('c'), 'other'), turns.settle(reply('a'), 'one')]).toEqual([
      other,
      null,
      one,
    ]);
    expect([await one.reply, await other.reply]).toEqual([reply('a'), reply('b')]);
    expect([turns.ended('a'), turns.ended('c'), turns.waiting]).toEqual([one, null, false]);
  });

  test('that nobody waits on are passed in order, those that were there before', () => {
    const turns = createTurns();
    const [awaited, one, other] = [turns.begin(noop), turns.begin(null), turns.begin(null)];
    [awaited.taken, one.taken, other.taken] = [takenAt('awaited', 1), takenAt('one', 5), takenAt('other', 11)];
    expect([turns.pass(reply('a')), turns.pass(reply('b')), turns.pass(reply('c', 11))]).toEqual([one, null, other]);
    expect([turns.listener('d'), turns.listener('a')]).toEqual([awaited, null]);
  });

  test.each([1e18, -1, Infinity])('taken at an instant that is none are looked for from the beginning: %d', (created_at) => {
    const turns = createTurns();
    turns.begin(noop).taken = takenAt('one', created_at);
    expect([turns.waiting, turns.since]).toEqual([true, null]);
    turns.endAll(problem('UPSTREAM_UNAVAILABLE', 'Over.'));
    expect(turns.waiting).toBe(false);
  });
});

describe('what a history tells of answers', () => {
  const lateMs = 600_000;
  const said = (line: string, minute: number): ServiceMessage => ({
    id: line,
    role: line.startsWith('>') ? 'ASSISTANT' : 'USER',
    content: line,
    author: { id: null, name: null },
    createdAt: minute * 60_000,
  });
  test.each<readonly [string, readonly (readonly [string, number])[], object, string | null]>([
    [
      'one by one',
      [
        ['a', 0],
        ['>a', 1],
        ['b', 2],
        ['>b', 3],
        ['c', 4],
      ],
      { '>a': 'a', '>b': 'b' },
      'c',
    ],
    [
      'two at once, and one after both',
      [
        ['a', 0],
        ['b', 0],
        ['>', 1],
        ['>>', 1],
        ['c', 2],
        ['>c', 3],
      ],
      { '>c': 'c' },
      null,
    ],
    [
      'one that may have been passed over',
      [
        ['a', 0],
        ['b', 1],
        ['>', 2],
        ['c', 3],
        ['>?', 4],
      ],
      {},
      null,
    ],
    [
      'one that was silent for long',
      [
        ['a', 0],
        ['b', 11],
        ['>b', 12],
      ],
      { '>b': 'b' },
      null,
    ],
    [
      'two at once, long ago',
      [
        ['a', 0],
        ['b', 0],
        ['>', 1],
        ['c', 11],
        ['>c', 12],
      ],
      { '>c': 'c' },
      null,
    ],
    [
      'the agent by itself',
      [
        ['>', 0],
        ['a', 1],
        ['>a', 2],
        ['>>', 3],
      ],
      { '>a': 'a' },
      null,
    ],
  ])('%s', (_, lines, answers, waiting) => {
    const told = answeredAlone(
      lines.map(([line, minute]) => said(line, minute)),
      lateMs,
    );
    expect([Object.fromEntries(told.answers), told.waiting]).toEqual([answers, waiting]);
  });
});
