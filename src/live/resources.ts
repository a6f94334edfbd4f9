import type { SessionId } from '../core/ids.ts';
import type { Clock, Presence, Store } from '../core/ports.ts';
import type { EventEngine, ResultCache } from './results.ts';
import type { Watcher } from './watcher.ts';

/** What a hub has done so far. */
export interface HubCounts {
  /** Results that were handed to sinks. */
  deliveries: number;
  /** Subscriptions that were ended with SLOW_CONSUMER. */
  slowConsumers: number;
}

/** What the parts of a hub share. */
export interface Resources {
  readonly store: Pick<Store, 'epoch' | 'sessions' | 'members' | 'timeline'>;
  readonly engine: EventEngine;
  readonly clock: Clock;
  readonly presence: Pick<Presence, 'enter'>;
  readonly cache: ResultCache;
  readonly maxBufferedBytes: number;
  readonly replayPage: number;
  /** How long until a read of the timeline that failed is tried again. */
  readonly retryMs: number;
  /** Follows the session at its service for as long as it is followed here. */
  readonly watchService: (sessionId: SessionId) => Disposable;
  /** Is told of what went wrong and could not be told to a subscriber. Must not throw. */
  readonly onError: (error: unknown) => void;
  /** Plain numbers: they rise with every delivery, of which there are tens of thousands a second. */
  readonly counts: HubCounts;
  /** Is told of each event that has been given to all who follow its session, with its `at`. Must not throw. */
  readonly onDelivered: (at: number) => void;
  /** The watcher of the session, made where there is none. */
  watch(sessionId: SessionId): Watcher;
  /** Forgets a watcher that nobody needs. */
  unwatch(watcher: Watcher): void;
}
