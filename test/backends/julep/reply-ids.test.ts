import { describe, expect, test } from 'vitest';
import { orThrow, problem } from '../../../src/core/problem.ts';
import { inOrder, messagesOf } from '../../../src/backends/julep/v1/mapping.ts';
import { createReplyIds, idsOf } from '../../../src/backends/julep/v1/reply-ids.ts';
import type { WireEntry } from '../../../src/backends/julep/v1/wire.ts';
import { expectProblem } from '../../support/core-fixtures.ts';

let made = 0;
const entry = (source: string, role: string, content: string): WireEntry => ({
  id: `e${(made += 1)}`,
  source,
  role,
  content,
  created_at: made,
});
const said = (content: string): WireEntry => entry('api_request', 'user', content);
const reply = (content = 'Yes.'): WireEntry => entry('api_response', 'assistant', content);

describe('ids of entries', () => {
  test('are their own, but for replies', () => {
    const entries = [said('a'), entry('tool_request', 'assistant', 'x'), entry('api_request', 'assistant', 'I am')];
    expect(idsOf(entries)).toEqual(entries.map(({ id }) => id));
    expect(idsOf([reply()])[0]).toMatch(/^reply:none:0:0$/);
  });

  test('of replies are the same where another entry cannot be told apart from others', () => {
    const [asked, answer, again, last] = [said('a'), reply(), said('a'), reply()];
    const ids = idsOf([asked, answer, again, last]);
    const nameless = [{ ...asked, id: null }, { ...answer, id: null }, again, last];
    expect(idsOf(nameless)).toEqual([null, ...ids.slice(1)]);
    expect(messagesOf(inOrder(nameless)).map(({ id }) => id)).toEqual(ids.slice(1));
  });

  test('of replies stay as they are while the history grows', () => {
    const history = [said('a'), reply(), said('b'), reply(), said('a'), reply(), reply('And more.')];
    const whole = idsOf(history);
    for (let length = 0; length <= history.length; length += 1) expect(idsOf(history.slice(0, length))).toEqual(whole.slice(0, length));
    expect(new Set(whole).size).toBe(history.length);
  });

  test('tell roles apart', () => {
    const [, one] = idsOf([said('a'), reply()]);
    const [, other] = idsOf([entry('api_request', 'system', 'a'), reply()]);
    expect(one).not.toBe(other);
  });
});

describe('ids of replies to come', () => {
  const input = { role: 'user', content: 'a' };

  test('are those that the history will have', async () => {
    const history: WireEntry[] = [said('a'), reply(), said('b'), reply()];
    const ids = createReplyIds({ clock: { now: () => 0 }, entries: async () => history });
    for (const content of ['a', 'b', 'a', 'c']) {
      const reserved = orThrow(await ids.reserve('s', { role: 'user', content }));
      history.push(said(content), reply());
      reserved.done(true);
      expect(idsOf(history).at(-1)).toBe(reserved.id);
    }
  });

  test('do not wait for the history to have what was kept, and forget it where it begins anew', async () => {
    let now = 0;
    const ids = createReplyIds({ clock: { now: () => now }, entries: async () => [] });
    const next = async (kept: boolean, session = 's'): Promise<string> => {
      const { id, done } = orThrow(await ids.reserve(session, input));
      done(kept);
      return id.replace(/^reply:\w+:/, '');
    };
    expect([await next(true), await next(false), await next(true), await next(true, 'other')]).toEqual(['0:0', '1:0', '1:0', '0:0']);
    ids.forget('s');
    expect([await next(true), await next(true, 'other')]).toEqual(['0:0', '1:0']);
    now += 60_000;
    expect(await next(false)).toBe('0:0');
  });

  test('are given one after the other for the same words', async () => {
    const ids = createReplyIds({ clock: { now: () => 0 }, entries: async () => [] });
    const first = orThrow(await ids.reserve('s', input));
    const order: string[] = [];
    const second = ids.reserve('s', input).then((reserved) => {
      order.push('second');
      return reserved;
    });
    const other = orThrow(await ids.reserve('s', { role: 'user', content: 'b' }));
    order.push('other', 'first');
    first.done(true);
    const { id, done } = orThrow(await second);
    expect(order).toEqual(['other', 'first', 'second']);
    expect(id).not.toBe(first.id);
    done(true);
    other.done(true);
  });

  test('are not given where the history cannot be read, and the next one can', async () => {
    let fails = true;
    const ids = createReplyIds({
      clock: { now: () => 0 },
      entries: async () => (fails ? problem('UPSTREAM_FAILED', 'It is broken.') : []),
    });
    expectProblem(await ids.reserve('s', input), 'UPSTREAM_FAILED');
    fails = false;
    expect(orThrow(await ids.reserve('s', input)).id).toMatch(/:0:0$/);
  });

  test('an abort lets the next one go ahead', async () => {
    let aborted = true;
    const ids = createReplyIds({
      clock: { now: () => 0 },
      entries: async () => (aborted ? Promise.reject(new Error('aborted')) : []),
    });
    await expect(ids.reserve('s', input)).rejects.toThrow('aborted');
    aborted = false;
    expect(orThrow(await ids.reserve('s', input)).id).toMatch(/:0:0$/);
  });
});
