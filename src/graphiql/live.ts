import { createClient, type FormattedExecutionResult, type SubscribePayload } from 'graphql-ws';
import { createCell, type Cell } from './cell.ts';
import { describeEvent } from './describe-event.ts';

/** More lines than this push the oldest out. */
const maxEntries = 200;

/** One line of the live panel. */
export interface LiveEntry {
  readonly id: number;
  readonly receivedAt: Date;
  readonly kind: 'event' | 'error' | 'note';
  readonly title: string;
  readonly summary: string;
  /** The result as received; null for a note of the page itself. */
  readonly result: unknown;
}

export interface LiveState {
  readonly running: boolean;
  readonly entries: readonly LiveEntry[];
}

/** Whom a subscription reports to besides the panel: the response editor of the tab that runs it. */
export interface LiveObserver {
  next(result: FormattedExecutionResult<Record<string, unknown>, unknown>): void;
  error(error: unknown): void;
  complete(): void;
}

/** The one subscription that the page runs, and what it received. */
export interface Live {
  readonly state: Cell<LiveState>;
  /** Ends the subscription that runs, if any, and starts this one. `connectionParams` is asked again at each connection. */
  readonly start: (payload: SubscribePayload, connectionParams: () => Record<string, string>, observer: LiveObserver) => void;
  /** The subscription goes on; its observer hears no more of it. */
  readonly detach: () => void;
  /** Connects again with fresh `connectionParams`; nothing where no subscription runs. */
  readonly restart: () => void;
  readonly stop: () => void;
  readonly clear: () => void;
}

interface Run {
  readonly payload: SubscribePayload;
  readonly connectionParams: () => Record<string, string>;
  observer: LiveObserver | null;
  close: () => void;
}

const reasonOf = (error: unknown): string => {
  if (error instanceof CloseEvent) return `The socket was closed with code ${error.code} ${error.reason}`.trim();
  if (error instanceof Error) return error.message;
  if (Array.isArray(error)) return error.map((one: unknown) => describeEvent({ errors: [one] }).summary).join('; ');
  return 'The socket cannot be opened';
};

/** @param url the WebSocket's address */
export function createLive(url: string): Live {
  const state = createCell<LiveState>({ running: false, entries: [] });
  let run: Run | null = null;
  let lastId = 0;

  const add = (entry: Omit<LiveEntry, 'id' | 'receivedAt'>): void => {
    lastId += 1;
    const entries = [...state.get().entries, { id: lastId, receivedAt: new Date(), ...entry }].slice(-maxEntries);
    state.set({ running: run !== null, entries });
  };
  const note = (title: string): void => add({ kind: 'note', title, summary: '', result: null });

  const open = (current: Run): void => {
    const client = createClient({
      url,
      connectionParams: current.connectionParams,
      // A gateway that restarts is back within a second or two; the default waits up to 4 s before the first attempt.
      retryWait: async (attempt) => new Promise((resolve) => setTimeout(resolve, Math.min(8_000, 250 * 2 ** attempt))),
    });
    let reconnected = false;
    client.on('connected', () => {
      if (reconnected && run === current) note('Connected again: what happened meanwhile is not shown');
      reconnected = true;
    });
    // A closed run may still have messages on their way: only the present one is heard.
    const heard = (): boolean => run === current && current.close === close;
    const end = (): void => {
      run = null;
      void client.dispose();
    };
    const unsubscribe = client.subscribe(current.payload, {
      next(result) {
        if (!heard()) return;
        const { title, summary, failed } = describeEvent(result);
        add({ kind: failed ? 'error' : 'event', title, summary, result });
        current.observer?.next(result);
      },
      error(error) {
        if (!heard()) return;
        end();
        add({ kind: 'error', title: 'Subscription failed', summary: reasonOf(error), result: null });
        current.observer?.error(error instanceof CloseEvent ? new Error(reasonOf(error)) : error);
      },
      complete() {
        if (!heard()) return;
        end();
        note('The gateway ended the subscription');
        current.observer?.complete();
      },
    });
    const close = (): void => {
      unsubscribe();
      void client.dispose();
    };
    current.close = close;
  };

  const stop = (): void => {
    if (run === null) return;
    const { close, observer } = run;
    run = null;
    close();
    note('Stopped');
    observer?.complete();
  };

  return {
    state,
    start(payload, connectionParams, observer) {
      stop();
      run = { payload, connectionParams, observer, close: () => undefined };
      note('Subscribed');
      open(run);
    },
    detach() {
      if (run !== null) run.observer = null;
    },
    restart() {
      if (run === null) return;
      run.close();
      note('Connecting again with the new token');
      open(run);
    },
    stop,
    clear: () => state.set({ running: run !== null, entries: [] }),
  };
}
