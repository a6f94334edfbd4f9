import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/core/ports.ts';
import type { WireBus, WireBusOptions } from '../../src/buses/shared/wire-bus.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { faultChecks } from './bus-faults.ts';
import { gatewayChecks } from './bus-gateways.ts';
import { pieceChecks } from './bus-pieces.ts';
import { wireChecks } from './bus-wire.ts';
import { hearing, hint } from './bus-world.ts';

export interface BusSettings extends WireBusOptions {
  readonly url: string;
  readonly channel: string;
}

/** A driver that goes through a server. */
export interface ServerDriver {
  /** What to say where the server is not installed; null where it is. */
  readonly missing: string | null;
  launch(): Promise<ServerProcess>;
  open(settings: BusSettings): WireBus;
  /** Puts a text on the channel as another program would. */
  say(url: string, channel: string, text: string): Promise<void>;
}

/** A driver as the suite needs it, by its name in the registry. Without a server hints stay in the process: nothing about others applies. */
export type BusDriver = { readonly name: string } & (
  | { readonly server: ServerDriver }
  | { readonly server: null; readonly open: (onError: (error: unknown) => void) => Bus }
);

function serverOf(running: ServerProcess | null): ServerProcess {
  if (running === null) throw new Error('The server runs before the first test does');
  return running;
}

/** What the tests over a server get. */
export interface ServerWorld {
  readonly server: ServerProcess;
  /** Opens a bus on the server and waits until it is connected. It is disposed after the test. */
  readonly open: (settings?: Partial<BusSettings>) => Promise<WireBus>;
  /** Opens one, whether or not the server is there. */
  readonly openAnyhow: (settings?: Partial<BusSettings>) => WireBus;
  readonly say: (channel: string, text: string) => Promise<void>;
}

/** Declares one test, which gets a running server. */
export type BusCheck = (title: string, body: (world: ServerWorld) => Promise<void>) => void;

/** What every bus does, whatever its driver. */
export function busSuite(driver: BusDriver): void {
  const { server } = driver;
  if (server !== null && server.missing !== null) console.error(server.missing);
  describe.skipIf(server !== null && server.missing !== null)(`bus ${driver.name}`, { timeout: 60_000 }, () => {
    let running: ServerProcess | null = null;
    if (server !== null) {
      beforeAll(async () => {
        running = await server.launch();
      }, 60_000);
      afterAll(() => running?.[Symbol.asyncDispose]());
    }
    const opening = (onError: (error: unknown) => void = () => undefined): Bus => {
      if (driver.server === null) return driver.open(onError);
      return driver.server.open({ url: serverOf(running).url, channel: 'parley', onError });
    };
    ownChecks(opening);

    if (server === null) return;
    const check: BusCheck = (title, body) =>
      it(title, async () => {
        expect.hasAssertions();
        const process = serverOf(running);
        // The test before may have ended in the middle.
        process.thaw();
        await process.start();
        await using opened = new AsyncDisposableStack();
        const openAnyhow = (settings: Partial<BusSettings> = {}): WireBus =>
          opened.use(server.open({ url: process.url, channel: 'parley', checkMs: 5_000, ...settings }));
        await body({
          server: process,
          openAnyhow,
          async open({ onUp, ...settings } = {}) {
            const { promise: up, resolve } = Promise.withResolvers<void>();
            const bus = openAnyhow({
              ...settings,
              onUp() {
                resolve();
                onUp?.();
              },
            });
            await up;
            await bus.check();
            return bus;
          },
          say: (channel, text) => server.say(process.url, channel, text),
        });
      });
    wireChecks(check);
    faultChecks(check);
    pieceChecks(check);
    gatewayChecks(check);
  });
}

/** What concerns nobody but the bus itself. */
function ownChecks(open: (onError?: (error: unknown) => void) => Bus): void {
  it('tells every subscription of own hints at once, in order', async () => {
    await using bus = open();
    const [one, two] = [hearing(bus), hearing(bus)];
    const hints = [hint(1), hint(2), hint(3)];
    for (const each of hints) bus.publish(each);
    expect(one.hints).toEqual(hints);
    expect(two.hints).toEqual(hints);
  });

  it('ends a subscription alone, also where the same function has two', async () => {
    await using bus = open();
    const seen: number[] = [];
    const handler = ({ seq }: { readonly seq: number }): void => void seen.push(seq);
    const [first, second] = [bus.subscribe(handler), bus.subscribe(handler)];
    first();
    first();
    bus.publish(hint(1));
    expect(seen).toEqual([1]);
    second();
    bus.publish(hint(2));
    expect(seen).toEqual([1]);
  });

  it('keeps the others where one ends while it is told', async () => {
    await using bus = open();
    const seen: string[] = [];
    const end = bus.subscribe(() => {
      seen.push('first');
      end();
    });
    bus.subscribe(() => seen.push('second'));
    bus.publish(hint(1));
    bus.publish(hint(2));
    expect(seen).toEqual(['first', 'second', 'second']);
  });

  it('goes on where a handler throws, and says so', async () => {
    const errors: unknown[] = [];
    await using bus = open((error) => errors.push(error));
    const failure = new Error('a handler');
    bus.subscribe(() => {
      throw failure;
    });
    const other = hearing(bus);
    bus.publish(hint(1));
    expect(other.hints).toHaveLength(1);
    expect(errors).toEqual([failure]);
  });

  it('is silent after its end, which may come twice', async () => {
    const bus = open();
    const { hints, end } = hearing(bus);
    await Promise.all([bus[Symbol.asyncDispose](), bus[Symbol.asyncDispose]()]);
    await bus[Symbol.asyncDispose]();
    bus.publish(hint(1));
    end();
    expect(hints).toEqual([]);
  });
}
