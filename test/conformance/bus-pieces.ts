import { expect, vi } from 'vitest';
import { newMessageId, newSessionId } from '../../src/core/ids.ts';
import type { Bus, Piece } from '../../src/core/ports.ts';
import type { BusCheck } from './bus-suite.ts';
import { heard, hearing, hint } from './bus-world.ts';

const reply = (): ((text: string) => Piece) => {
  const ids = { sessionId: newSessionId(), messageId: newMessageId() };
  return (text) => ({ ...ids, text });
};

/** What was heard of each reply. */
function listening(bus: Bus): (piece: Pick<Piece, 'messageId'>) => string {
  const heardOf = new Map<string, string>();
  bus.hear(({ messageId, text }) => heardOf.set(messageId, (heardOf.get(messageId) ?? '') + text));
  return ({ messageId }) => heardOf.get(messageId) ?? '';
}

const patience = { timeout: 20_000, interval: 10 };

/** Replies in the making. */
export function pieceChecks(check: BusCheck): void {
  check('brings the pieces of replies to the others, in order, and not to itself', async ({ open }) => {
    const [one, two, three] = [await open(), await open(), await open()];
    const [ofOne, ofTwo, ofThree] = [listening(one), listening(two), listening(three)];
    const [first, second] = [reply(), reply()];
    const words = Array.from({ length: 500 }, (_, index) => `word ${index} `);
    for (const word of words) {
      one.tell(first(word));
      two.tell(second(word.toUpperCase()));
    }
    const [whole, loud] = [words.join(''), words.join('').toUpperCase()];
    await vi.waitFor(() => {
      expect(ofTwo(first(''))).toBe(whole);
      expect(ofOne(second(''))).toBe(loud);
      expect(ofThree(first(''))).toBe(whole);
      expect(ofThree(second(''))).toBe(loud);
    }, patience);
    await Promise.all([one.check(), two.check()]);
    expect([ofOne(first('')), ofTwo(second(''))]).toEqual(['', '']);
  });

  check('carries pieces of any text and length, beside hints', async ({ open }) => {
    const [from, to] = [await open(), await open()];
    const [there, hints] = [listening(to), hearing(to)];
    const texts = ['', 'a\0b', '\ud83d\ude00'.repeat(9_000), '\n'.repeat(5_000), '\ud800 alone', 'ö"\\'.repeat(3_000), 'x'.repeat(50_000)];
    const published = texts.map((_, index) => hint(index + 1));
    const replies = texts.map(() => reply());
    for (const [index, text] of texts.entries()) {
      from.tell(replies[index]?.(text) ?? expect.fail());
      from.publish(published[index] ?? expect.fail());
    }
    await vi.waitFor(() => expect(replies.map((of) => there(of('')))).toEqual(texts), patience);
    for (const each of published) await hints.until(heard(each));
  });

  check('leaves out pieces beyond what may wait, and holds up no hint with them', async ({ open }) => {
    const [from, to] = [await open(), await open()];
    const [there, hints] = [listening(to), hearing(to)];
    const [long, next] = [reply(), reply()];
    for (let index = 0; index < 400; index += 1) from.tell(long('x'.repeat(1_000)));
    const published = hint(1);
    from.publish(published);
    await hints.until(heard(published));
    await vi.waitFor(() => expect(there(long('')).length).toBeGreaterThan(200_000), patience);
    await from.check();
    expect(there(long('')).length).toBeLessThanOrEqual(270_000);
    from.tell(next('goes on'));
    await vi.waitFor(() => expect(there(next(''))).toBe('goes on'), patience);
  });

  check('tells nobody later of pieces from while the server was away', async ({ open, server }) => {
    const from = await open();
    const to = await open();
    const there = listening(to);
    const [away, back] = [reply(), reply()];
    await server.stop();
    await vi.waitFor(() => expect(from.check()).rejects.toThrow('not connected'), patience);
    from.tell(away('lost'));
    await server.start();
    await vi.waitFor(async () => {
      await Promise.all([from.check(), to.check()]);
    }, patience);
    from.tell(back('found'));
    await vi.waitFor(() => expect(there(back(''))).toBe('found'), patience);
    expect(there(away(''))).toBe('');
  });
}
