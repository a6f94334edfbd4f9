import type { Clock } from '../../core/ports.ts';
import { asError, type OpenWire, type Wire } from './wire.ts';

export interface ConnectorOptions {
  readonly open: OpenWire;
  readonly clock: Clock;
  readonly connectMs: number;
  readonly retryMs: { readonly from: number; readonly to: number };
  readonly heard: (payload: string) => void;
  readonly onOpen: (wire: Wire) => void;
  /** Once for each attempt that failed and each connection that ended. */
  readonly onLost: (error: Error) => void;
}

/** Keeps a wire open: opens another one where it ends, after a while that doubles with each failure in a row. */
export interface Connector extends Disposable {
  /** Null = there is none at this moment. */
  readonly wire: Wire | null;
  /** Gives up this wire for another one. Nothing where it is gone already. */
  drop(wire: Wire, error: Error): void;
  /** The wire has been shown to work: the next failure is the first in a row. */
  proven(): void;
}

export function createConnector(options: ConnectorOptions): Connector {
  const { open, clock, connectMs, retryMs, heard, onOpen, onLost } = options;
  let failures = 0;
  let current: Wire | null = null;
  let end: ((error: Error | null) => void) | null = null;
  let retry: Disposable | null = null;
  connect();

  return {
    get wire() {
      return current;
    },
    drop(wire, error) {
      if (wire === current) end?.(error);
    },
    proven() {
      failures = 0;
    },
    [Symbol.dispose]() {
      retry?.[Symbol.dispose]();
      end?.(null);
    },
  };

  function connect(): void {
    let over = false;
    const wire = open({ heard: (payload) => over || heard(payload), closed: (error) => finish(error) });
    const late = clock.at(clock.now() + connectMs, () => finish(new Error(`The server has not answered within ${connectMs} ms.`)));
    end = finish;
    void opening();

    /** Never rejects. */
    async function opening(): Promise<void> {
      try {
        await wire.opened;
      } catch (error) {
        finish(asError(error));
        return;
      }
      if (over) return;
      late[Symbol.dispose]();
      current = wire;
      onOpen(wire);
    }

    /** Null = for good. */
    function finish(error: Error | null): void {
      if (over) return;
      over = true;
      late[Symbol.dispose]();
      current = null;
      end = null;
      wire.close();
      if (error === null) return;
      // Between the half and the whole of it, so that gateways that lost the same server do not come back all at once.
      const delay = Math.min(retryMs.to, retryMs.from * 2 ** failures) * (0.5 + Math.random() / 2);
      failures += 1;
      retry = clock.at(clock.now() + delay, connect);
      onLost(error);
    }
  }
}
