import { expect } from 'vitest';
import { newSessionId } from '../../src/core/ids.ts';
import type { BusCheck } from './bus-suite.ts';
import { heard, hearing, hint } from './bus-world.ts';

/** What goes over the wire while all is well. */
export function wireChecks(check: BusCheck): void {
  check('reaches others on the channel, and itself once', async ({ open }) => {
    const [one, two, three] = [await open(), await open(), await open()];
    const [ofOne, ofTwo, ofThree] = [hearing(one), hearing(two), hearing(three)];
    const [first, second] = [hint(1), hint(2)];
    one.publish(first);
    two.publish(second);
    await Promise.all([ofOne, ofTwo, ofThree].map((each) => each.until((so) => heard(first)(so) && heard(second)(so))));
    // What has come back of its own by now has been skipped: the word that a check sends comes behind it.
    await Promise.all([one.check(), two.check()]);
    expect([ofOne.hints.length, ofTwo.hints.length, ofThree.hints.length]).toEqual([2, 2, 2]);
    expect(one.lossless).toBe(false);
  });

  check('coalesces 10,000 hints of ten sessions', async ({ open }) => {
    const [from, to] = [await open(), await open()];
    const there = hearing(to);
    const sessions = Array.from({ length: 10 }, newSessionId);
    for (let seq = 1; seq <= 1_000; seq++) for (const sessionId of sessions) from.publish(hint(seq, sessionId));
    expect(from.counts.waiting).toBeLessThanOrEqual(10);
    await there.until((so) => sessions.every((sessionId) => heard(hint(1_000, sessionId))(so)));
    expect(there.hints.length).toBeLessThan(100);
    expect(there.gaps).toBe(0);
  });

  check('carries one hint of each of 5,000 sessions', async ({ open }) => {
    const [from, to] = [await open(), await open()];
    const there = hearing(to);
    const hints = Array.from({ length: 5_000 }, (_, index) => hint(index + 1));
    for (const each of hints) from.publish(each);
    await there.until((so) => so.hints.length >= 5_000);
    expect(new Set(there.hints.map(({ sessionId }) => sessionId)).size).toBe(5_000);
    expect(from.counts.waiting).toBe(0);
  });

  check('says that hints were lost where more sessions wait than it keeps', async ({ open }) => {
    const [from, to] = [await open({ maxWaiting: 100 }), await open()];
    const there = hearing(to);
    for (let seq = 1; seq <= 1_000; seq++) {
      from.publish(hint(seq));
      expect(from.counts.waiting).toBeLessThanOrEqual(100);
    }
    await there.until(({ gaps }) => gaps > 0);
    expect(there.hints.length).toBeLessThan(1_000);
  });

  check('keeps channels apart', async ({ open }) => {
    const [one, same, other] = [await open({ channel: 'one' }), await open({ channel: 'one' }), await open({ channel: 'One-2_x' })];
    const [there, elsewhere] = [hearing(same), hearing(other)];
    const published = hint(1);
    one.publish(published);
    await there.until(heard(published));
    await other.check();
    expect(elsewhere.hints).toEqual([]);
  });

  check('ignores what is no hint, and counts it', async ({ open, say }) => {
    const errors: unknown[] = [];
    const bus = await open({ onError: (error) => errors.push(error) });
    const there = hearing(bus);
    const { sessionId } = hint(1);
    const garbage = [
      'hello',
      '{',
      'null',
      '[]',
      '"v1"',
      '{"v":2,"from":"x","hints":[]}',
      '{"v":1,"hints":[]}',
      '{"v":1,"from":"x","hints":{}}',
      '{"v":1,"from":"x","hints":[["mem_1",1]]}',
      `{"v":1,"from":"x","hints":[["${sessionId}",-1]]}`,
      `{"v":1,"from":"x","hints":[["${sessionId}","1"]]}`,
      '{"v":1,"from":"x","pieces":{}}',
      `{"v":1,"from":"x","pieces":[["${sessionId}","msg_1"]]}`,
      `{"v":1,"from":"x","pieces":[["${sessionId}","mem_1","text"]]}`,
      `{"v":1,"from":"x","pieces":[["${sessionId}","msg_1",7]]}`,
      `{"v":1,"from":"x","hints":[["${sessionId}",1],["${sessionId}"]]}`,
      '{"v":1,"from":"x","lost":"yes"}',
      '{"v":1,"from":"x","probe":7}',
      'x'.repeat(7_900),
    ];
    for (const text of garbage) await say('parley', text);
    // What has another field besides is of a later time, and is heard.
    await say('parley', `{"v":1,"from":"x","hints":[["${sessionId}",5]],"later":true}`);
    await there.until(heard({ sessionId, seq: 5 }));
    expect(bus.counts.ignored).toBe(garbage.length);
    expect(there.hints).toHaveLength(1);
    expect(errors).toHaveLength(1);
    await bus.check();
  });

  check('sends the last hints before it ends', async ({ open }) => {
    const [from, to] = [await open(), await open()];
    const there = hearing(to);
    const hints = Array.from({ length: 1_000 }, (_, index) => hint(index + 1));
    for (const each of hints) from.publish(each);
    await from[Symbol.asyncDispose]();
    expect(from.counts.waiting).toBe(0);
    await there.until((so) => so.hints.length >= 1_000);
  });

  check('does not answer a check after its end, or for one who has gone', async ({ open }) => {
    const bus = await open();
    await expect(bus.check(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    await bus[Symbol.asyncDispose]();
    await expect(bus.check()).rejects.toThrow('closed');
  });
}
