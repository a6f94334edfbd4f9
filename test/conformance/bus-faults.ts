import { expect, vi } from 'vitest';
import { newSessionId } from '../../src/core/ids.ts';
import type { BusCheck } from './bus-suite.ts';
import { duration, heard, hearing, hint, signal } from './bus-world.ts';

/** Resolves once the check is green. */
const green = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** What happens where the server does not do what it should. */
export function faultChecks(check: BusCheck): void {
  check('comes back after the server: red meanwhile, then green, and hints flow', async ({ server, open }) => {
    const [down, upAgain] = [signal(), signal()];
    let ups = 0;
    const [from, to] = [
      await open({
        onDown: () => down.resolve(),
        onUp() {
          ups += 1;
          if (ups === 2) upAgain.resolve();
        },
      }),
      await open(),
    ];
    const [here, there] = [hearing(from), hearing(to)];
    await server.stop();
    await down.promise;
    await expect(from.check()).rejects.toThrow('is not connected');
    const [sessionId, meanwhile] = [newSessionId(), newSessionId()];
    for (let seq = 1; seq <= 10_000; seq++) from.publish(hint(seq, sessionId));
    from.publish(hint(3, meanwhile));
    expect(from.counts.waiting).toBe(2);
    expect(here.hints).toHaveLength(10_001);

    await server.start();
    await upAgain.promise;
    await Promise.all([green(() => from.check()), green(() => to.check())]);
    // Both were away: whoever hears them looks by itself.
    await Promise.all([here, there].map((each) => each.until(({ gaps }) => gaps >= 1)));
    const after = hint(1);
    from.publish(after);
    await there.until(heard(after));
    expect(from.counts.waiting).toBe(0);
  });

  check('opens without the server, and is connected once it is there', async ({ server, openAnyhow }) => {
    await server.stop();
    const [down, up] = [signal(), signal()];
    const bus = openAnyhow({ onDown: () => down.resolve(), onUp: () => up.resolve() });
    await down.promise;
    bus.publish(hint(1));
    await expect(bus.check()).rejects.toThrow('is not connected');
    await server.start();
    await up.promise;
    await green(() => bus.check());
  });

  check('says once that the server is away, however often it tries', async ({ server, open }) => {
    let downs = 0;
    const [down, up] = [signal(), signal()];
    let ups = 0;
    await open({
      retryMs: { from: 5, to: 20 },
      onDown() {
        downs += 1;
        down.resolve();
      },
      onUp() {
        ups += 1;
        if (ups === 2) up.resolve();
      },
    });
    await server.stop();
    await down.promise;
    await server.start();
    await up.promise;
    expect(downs).toBe(1);
  });

  check('neither waits nor grows with a server that does nothing, and goes on with it', async ({ server, open }) => {
    const down = signal();
    const limits = { checkMs: 1_000, connectMs: 2_000, heartbeatMs: 200, maxWaiting: 500 };
    const [from, to] = [await open({ ...limits, onDown: () => down.resolve() }), await open(limits)];
    const there = hearing(to);
    server.freeze();
    try {
      const took = await duration(() => {
        for (let seq = 1; seq <= 10_000; seq++) from.publish(hint(seq));
      });
      expect(took).toBeLessThan(1_000);
      expect(from.counts.waiting).toBeLessThanOrEqual(500);
      expect(
        await duration(() => expect(from.check()).rejects.toThrow(/was not heard within|is not connected|has not answered/)),
      ).toBeLessThan(2_000);
      // TCP would keep that connection for minutes.
      await down.promise;
      from.publish(hint(1));
    } finally {
      server.thaw();
    }
    await Promise.all([green(() => from.check()), green(() => to.check())]);
    const after = hint(1);
    from.publish(after);
    await there.until(heard(after));
  });

  check('ends at once though the server does nothing', async ({ server, open, openAnyhow }) => {
    const bus = await open();
    server.freeze();
    try {
      bus.publish(hint(1));
      const unconnected = openAnyhow();
      expect(await duration(() => Promise.all([bus[Symbol.asyncDispose](), unconnected[Symbol.asyncDispose]()]))).toBeLessThan(1_500);
    } finally {
      server.thaw();
    }
  });

  check('ends at once though the server is gone', async ({ server, open }) => {
    const down = signal();
    const bus = await open({ onDown: () => down.resolve() });
    await server.stop();
    await down.promise;
    bus.publish(hint(1));
    expect(await duration(() => bus[Symbol.asyncDispose]())).toBeLessThan(1_000);
    await server.start();
  });
}
