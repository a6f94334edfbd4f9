import { AsyncResource } from 'node:async_hooks';
import type { TransientBody } from '../core/event.ts';
import type { SessionId } from '../core/ids.ts';
import type { Bus, Clock, Presence, Store } from '../core/ports.ts';
import type { Caller } from '../core/viewer.ts';
import type { Operation, SubscriptionPlan } from '../graphql/engine.ts';
import type { Start } from './attachment.ts';
import { Memberships } from './memberships.ts';
import type { HubCounts, Resources } from './resources.ts';
import { type EventEngine, ResultCache } from './results.ts';
import type { Sink } from './sink.ts';
import { Subscriber } from './subscriber.ts';
import { Watcher } from './watcher.ts';

/** A subscription that was planned: its caller may read what it follows. */
export interface SubscriptionRequest {
  readonly operation: Operation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly plan: SubscriptionPlan;
  readonly caller: Caller;
  readonly sink: Sink;
}

export interface HubOptions {
  readonly store: Pick<Store, 'epoch' | 'sessions' | 'members' | 'timeline'>;
  readonly bus: Pick<Bus, 'lossless' | 'subscribe'>;
  readonly engine: EventEngine;
  readonly clock: Clock;
  readonly presence: Pick<Presence, 'enter'>;
  /** Follows a session at its service until disposed. @default there are no services */
  readonly watchService?: (sessionId: SessionId) => Disposable;
  /** Is told of events that could not be read or executed; they are tried again. Must not throw. */
  readonly onError: (error: unknown) => void;
  /** Is told of each event that has been given to all who follow its session, with its `at`. Must not throw. @default nobody is */
  readonly onDelivered?: (at: number) => void;
  /**
   * A subscriber whose sink holds more than this when the next event comes is ended with SLOW_CONSUMER.
   * @default 1_048_576 // 1 MiB
   */
  readonly maxBufferedBytes?: number;
  /**
   * Where the bus may lose hints: how often the followed timelines are looked at without one.
   * @default 1_000 // 1 second
   */
  readonly pollMs?: number;
  /**
   * How soon a subscription to all sessions of its caller takes up one that was joined.
   * @default 1_000 // 1 second
   */
  readonly membershipMs?: number;
  /**
   * Events read from the store at a time.
   * @default 100
   */
  readonly replayPage?: number;
  /**
   * Serialized results that are kept for subscribers who come back, of all sessions together.
   * @default 16_777_216 // 16 MiB
   */
  readonly cacheBytes?: number;
}

/** Turns timelines into the results of subscriptions. */
export interface Hub extends AsyncDisposable {
  /**
   * Follows what the plan says and writes to the sink until it ends it, or until the answer is disposed; then the sink is not called again.
   * The sink is not called before this returns.
   */
  subscribe(request: SubscriptionRequest): Disposable;
  /** Tells those who follow the session at this moment, and nobody later. */
  emit(sessionId: SessionId, body: TransientBody): void;
  /** The subscriptions that are open. */
  readonly size: number;
  readonly counts: Readonly<HubCounts>;
  /** The sessions that are followed, and the groups of subscribers who are shown the same of one. */
  following(): { readonly sessions: number; readonly groups: number };
}

/** Each event is executed once for all subscribers who are shown the same, and serialized once. */
export function createHub(options: HubOptions): Hub {
  const { store, bus, engine, clock, presence, onError, pollMs = 1_000 } = options;
  const watchers = new Map<SessionId, Watcher>();
  const subscribers = new Set<Subscriber>();
  const outside = new AsyncResource('ParleyHub');
  let disposed = false;

  const resources: Resources = {
    store,
    engine,
    clock,
    presence,
    onError,
    counts: { deliveries: 0, slowConsumers: 0 },
    onDelivered: options.onDelivered ?? (() => undefined),
    watchService: options.watchService ?? (() => ({ [Symbol.dispose]() {} })),
    cache: new ResultCache(options.cacheBytes ?? 16 * 1024 * 1024),
    maxBufferedBytes: options.maxBufferedBytes ?? 1_048_576,
    replayPage: options.replayPage ?? 100,
    retryMs: pollMs,
    watch(sessionId) {
      const watcher = watchers.get(sessionId) ?? new Watcher(sessionId, resources);
      watchers.set(sessionId, watcher);
      return watcher;
    },
    unwatch(watcher) {
      if (watchers.get(watcher.sessionId) === watcher) watchers.delete(watcher.sessionId);
    },
  };
  const memberships = new Memberships(resources, options.membershipMs ?? 1_000);
  const unsubscribe = bus.subscribe(
    ({ sessionId, seq }) => watchers.get(sessionId)?.hint(seq),
    () => void poll().catch(onError),
  );
  let timer: Disposable | null = null;
  if (!bus.lossless) schedulePoll();

  return {
    get size() {
      return subscribers.size;
    },
    counts: resources.counts,
    following() {
      let groups = 0;
      for (const watcher of watchers.values()) groups += watcher.groupCount;
      return { sessions: watchers.size, groups };
    },
    emit: (sessionId, body) => watchers.get(sessionId)?.emit(body),
    // Outside of the request that asks for it: what is opened for its session serves all who follow it, and goes on.
    subscribe: (request) => outside.runInAsyncScope(subscribe, undefined, request),
    // oxlint-disable-next-line typescript/require-await -- the interface is asynchronous
    async [Symbol.asyncDispose]() {
      disposed = true;
      unsubscribe();
      timer?.[Symbol.dispose]();
      for (const subscriber of subscribers) subscriber.complete();
      memberships[Symbol.dispose]();
      resources.cache.clear();
    },
  };

  function subscribe(request: SubscriptionRequest): Disposable {
    const { plan } = request;
    const subscriber = new Subscriber(request, resources, ended);
    if (disposed) {
      subscriber[Symbol.dispose]();
    } else {
      subscribers.add(subscriber);
      if (plan.sessionIds === 'mine') memberships.add(subscriber);
      else for (const sessionId of plan.sessionIds) subscriber.attach(sessionId, startOf(plan));
    }
    return subscriber;
  }

  function ended(subscriber: Subscriber): void {
    subscribers.delete(subscriber);
    memberships.remove(subscriber);
  }

  function schedulePoll(): void {
    timer = clock.at(clock.now() + pollMs, () => {
      poll()
        .catch(onError)
        .finally(() => {
          if (!disposed) schedulePoll();
        });
    });
  }

  async function poll(): Promise<void> {
    const watched = [...watchers.values()];
    if (watched.length === 0) return;
    const given = watched.map(({ head }) => head);
    const heads = await store.timeline.heads(watched.map(({ sessionId }) => sessionId));
    for (const [index, watcher] of watched.entries()) {
      const head = heads[index] ?? 0;
      // Read after that was given: a database that was restored, or has failed over to a copy that lacked the end.
      if (head < (given[index] ?? 0)) watcher.lose();
      else watcher.hint(head);
    }
  }
}

const startOf = ({ after }: SubscriptionPlan): Start => (after === null ? 'now' : { kind: 'after', ...after });
