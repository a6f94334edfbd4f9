import { expect, test } from 'vitest';
import { decodePayload, encodePayload, type Payload } from '../../../src/buses/shared/payload.ts';
import type { OpenWire, WireEvents } from '../../../src/buses/shared/wire.ts';
import { createWireBus, type WireBusOptions } from '../../../src/buses/shared/wire-bus.ts';
import { newSessionId } from '../../../src/core/ids.ts';
import { hint } from '../../conformance/bus-world.ts';
import { createTestClock, type TestClock } from '../../support/core-clock.ts';

interface FakeWire extends WireEvents {
  readonly open: () => void;
  readonly refuse: (error: Error) => void;
  /** What was sent and is not answered. */
  readonly sent: { readonly payload: Payload; readonly done: () => void; readonly fail: (error: Error) => void }[];
  isClosed: boolean;
}

interface FakeServer {
  readonly clock: TestClock;
  readonly wires: FakeWire[];
  readonly open: OpenWire;
}

/** A server that does what the test says, and no more. */
function fakeServer(): FakeServer {
  const wires: FakeWire[] = [];
  return {
    clock: createTestClock(),
    wires,
    open(events) {
      const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
      const wire: FakeWire = { ...events, open: resolve, refuse: reject, sent: [], isClosed: false };
      wires.push(wire);
      return {
        opened,
        send(payload) {
          const { promise, resolve: done, reject: fail } = Promise.withResolvers<void>();
          wire.sent.push({ payload: decodePayload(payload) ?? expect.fail(payload), done, fail });
          return promise;
        },
        close() {
          wire.isClosed = true;
        },
      };
    },
  };
}

function lastOf({ sent }: FakeWire): FakeWire['sent'][number] {
  const last = sent.at(-1);
  if (last === undefined) throw new Error('Nothing was sent');
  return last;
}

const start = (options: WireBusOptions = {}) => {
  const server = fakeServer();
  const bus = createWireBus('fake', server.open, { clock: server.clock, ...options });
  const wire = (index: number): FakeWire => server.wires[index] ?? expect.fail(`There is no wire ${index}`);
  /** Lets through what was sent last, and brings it back. */
  const echo = async (index: number): Promise<void> => {
    const { payload, done } = lastOf(wire(index));
    done();
    wire(index).heard(encodePayload(payload));
    await server.clock.advance(0);
  };
  return { ...server, bus, wire, echo };
};

test('one payload is under way at a time, and what fails is sent again over the next wire', async () => {
  const { clock, bus, wire, wires } = start();
  wire(0).open();
  await clock.advance(0);
  // The word to itself.
  expect(wire(0).sent).toHaveLength(1);
  wire(0).sent[0]?.done();
  await clock.advance(0);
  const [one, two] = [hint(1), hint(1)];
  bus.publish(one);
  bus.publish(two);
  bus.publish({ ...one, seq: 2 });
  expect(wire(0).sent.map(({ payload }) => payload.hints)).toEqual([[], [one]]);
  wire(0).sent[1]?.fail(new Error('cut'));
  await clock.advance(0);
  expect(wire(0).isClosed).toBe(true);
  await clock.advance(100);
  expect(wires).toHaveLength(2);
  wire(1).open();
  await clock.advance(0);
  expect(new Set(wire(1).sent[0]?.payload.hints)).toEqual(new Set([{ ...one, seq: 2 }, two]));
});

test('what was under way when the wire ended waits again', async () => {
  const { clock, bus, wire } = start();
  wire(0).open();
  await clock.advance(0);
  wire(0).sent[0]?.done();
  await clock.advance(0);
  const own = hint(7);
  bus.publish(own);
  expect(bus.counts.waiting).toBe(0);
  wire(0).closed(new Error('ended'));
  expect(bus.counts.waiting).toBe(1);
  await clock.advance(100);
  wire(1).open();
  await clock.advance(0);
  expect(wire(1).sent[0]?.payload.hints).toEqual([own]);
});

test('the wait before the next attempt doubles, is cut by half at most, and begins anew after a wire that worked', async () => {
  const { clock, wire, wires, echo } = start({ retryMs: { from: 100, to: 1_000 } });
  for (const longest of [100, 200, 400, 800, 1_000, 1_000]) {
    const before = wires.length;
    wire(before - 1).refuse(new Error('refused'));
    await clock.advance(longest / 2 - 1);
    expect([longest, wires.length]).toEqual([longest, before]);
    await clock.advance(longest / 2 + 1);
    expect([longest, wires.length]).toEqual([longest, before + 1]);
  }
  const last = wires.length - 1;
  wire(last).open();
  await clock.advance(0);
  await echo(last);
  wire(last).closed(new Error('ended'));
  await clock.advance(100);
  expect(wires).toHaveLength(last + 2);
});

test('a wire that opens and ends at once does not begin the waits anew', async () => {
  const { clock, wire, wires } = start({ retryMs: { from: 100, to: 10_000 } });
  for (let round = 0; round < 4; round++) {
    wire(round).open();
    await clock.advance(0);
    wire(round).closed(new Error('ended'));
    await clock.advance(100 * 2 ** round);
  }
  wire(4).closed(new Error('ended'));
  await clock.advance(799);
  expect(wires).toHaveLength(5);
});

test('a wire that does not open in time is replaced', async () => {
  const { clock, bus, wire, wires } = start({ connectMs: 3_000 });
  await clock.advance(3_000);
  expect(wire(0).isClosed).toBe(true);
  await expect(bus.check()).rejects.toThrow('The fake bus is not connected: The server has not answered within 3000 ms.');
  await clock.advance(100);
  expect(wires).toHaveLength(2);
});

test('a wire on which nothing comes back is replaced', async () => {
  const { clock, wire, wires, echo } = start({ heartbeatMs: 10_000, checkMs: 1_000 });
  wire(0).open();
  await clock.advance(0);
  await echo(0);
  await clock.advance(10_000);
  await echo(0);
  await clock.advance(10_000);
  wire(0).sent.at(-1)?.done();
  await clock.advance(999);
  expect(wire(0).isClosed).toBe(false);
  await clock.advance(1);
  expect(wire(0).isClosed).toBe(true);
  await clock.advance(100);
  expect(wires).toHaveLength(2);
});

test('checks at once share one word', async () => {
  const { clock, bus, wire, echo } = start();
  wire(0).open();
  await clock.advance(0);
  await echo(0);
  const checks = Promise.all([bus.check(), bus.check(), bus.check()]);
  expect(wire(0).sent).toHaveLength(2);
  await echo(0);
  await checks;
});

test('the word of another gateway is no answer', async () => {
  const { clock, bus, wire, echo } = start({ checkMs: 1_000 });
  wire(0).open();
  await clock.advance(0);
  await echo(0);
  const outcome = bus.check().catch((error: unknown) => error);
  wire(0).heard(encodePayload({ ...lastOf(wire(0)).payload, from: 'another' }));
  await clock.advance(1_000);
  expect(await outcome).toMatchObject({ message: 'What was sent was not heard within 1000 ms.' });
});

test('subscribers learn of gaps: of each new wire, and of others that lost hints', async () => {
  const { clock, bus, wire } = start();
  let gaps = 0;
  const end = bus.subscribe(
    () => undefined,
    () => (gaps += 1),
  );
  wire(0).open();
  await clock.advance(0);
  expect(gaps).toBe(1);
  wire(0).heard(encodePayload({ from: 'another', hints: [], pieces: [], lost: true, probe: null }));
  expect(gaps).toBe(2);
  end();
  wire(0).heard(encodePayload({ from: 'another', hints: [], pieces: [], lost: true, probe: null }));
  expect(gaps).toBe(2);
});

test('a payload is below the 8,000 bytes that a notification may have', async () => {
  const { clock, bus, wire } = start();
  for (let index = 0; index < 1_000; index++) bus.publish({ sessionId: newSessionId(), seq: Number.MAX_SAFE_INTEGER - index });
  wire(0).open();
  await clock.advance(0);
  const { payload } = lastOf(wire(0));
  const { length } = encodePayload({ ...payload, lost: true });
  expect(length).toBeLessThan(8_000);
  expect(payload.hints.length).toBeGreaterThan(100);
});

test('nothing is opened after the end', async () => {
  const { clock, bus, wire, wires } = start();
  wire(0).refuse(new Error('refused'));
  await clock.advance(0);
  await bus[Symbol.asyncDispose]();
  await clock.advance(60_000);
  expect(wires).toHaveLength(1);
});
