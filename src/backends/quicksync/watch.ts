import type { Clock } from '../../core/ports.ts';
import { type Problem, problem } from '../../core/problem.ts';
import type { Service, SessionAt, Sink } from '../../core/service.ts';
import { sleepUntil } from '../../core/sleep.ts';
import type { HubNews } from './adapter.ts';
import { type Hub, createHub } from './hub-connection.ts';
import { memberFrom } from './mapping.ts';
import { needsMember } from './problems.ts';
import type { ServiceDeps } from './service.ts';

export interface WatchOptions {
  /** Of the service. */
  readonly url: string;
  readonly timeoutMs: number;
  /** How often chats are looked at; null = never. */
  readonly pollMs: number | null;
}

const firstRetryMs = 200;
const lastRetryMs = 30_000;

/** Doubled each time, and shortened by chance to no less than half, so that those cut off together do not come back together. */
const retryMs = (failures: number): number => Math.min(firstRetryMs * 2 ** failures, lastRetryMs) * (0.5 + Math.random() / 2);

const isFinal = (status: number | null): boolean => status === 401 || status === 403 || status === 404;

/** Follows sessions through the hub, each on a connection of its own, as each is one member's. Disposing ends all of them. */
export function createWatches(deps: ServiceDeps, options: WatchOptions): Required<Pick<Service, 'watch'>> & AsyncDisposable {
  const open = new Set<AsyncDisposable>();
  return {
    watch(at, sink) {
      const followed = follow(at, sink, deps, options);
      const watch: AsyncDisposable = {
        async [Symbol.asyncDispose]() {
          open.delete(watch);
          await followed[Symbol.asyncDispose]();
        },
      };
      open.add(watch);
      return watch;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...open].map((watch) => watch[Symbol.asyncDispose]()));
    },
  };
}

function follow(
  at: SessionAt,
  sink: Sink,
  { name, adapter, clock }: ServiceDeps,
  { url, timeoutMs, pollMs }: WatchOptions,
): AsyncDisposable {
  const life = new AbortController();
  const token = at.as?.secret ?? null;
  if (token === null) {
    queueMicrotask(() => sink.failed(needsMember(name, 'follow the session')));
    return { async [Symbol.asyncDispose]() {} };
  }
  const hub = createHub({
    url: `${url.replace(/\/+$/, '')}/hubs/session`,
    token,
    timeoutMs,
    retryPolicy: {
      // What refused it is then told of, below.
      nextRetryDelayInMilliseconds: ({ previousRetryCount }) =>
        life.signal.aborted || isFinal(hub.refusedWith()) ? null : retryMs(previousRetryCount),
    },
    onCall(method, args) {
      const news = life.signal.aborted ? null : adapter.hubNews(method, args);
      if (news !== null) tell(sink, news);
    },
  });
  const running = run(hub, sink, name, clock, life.signal);
  if (pollMs !== null) poll(sink, pollMs, clock, life.signal);
  return {
    async [Symbol.asyncDispose]() {
      life.abort();
      await hub[Symbol.asyncDispose]();
      await running;
    },
  };
}

function tell(sink: Sink, news: HubNews): void {
  switch (news.kind) {
    case 'ADDED':
      return sink.joined(memberFrom(news.user));
    case 'REMOVED':
      return sink.left(news.id);
    case 'OVER':
      return sink.facts({ status: news.status });
    case 'CHANGED':
      return sink.changed();
  }
}

/** Keeps the connection. The client reconnects by itself once it was connected, until it is refused or sent away. */
async function run({ connection, refusedWith }: Hub, sink: Sink, name: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const isEnded = (): boolean => signal.aborted;
  let onClosed: () => void = () => {};
  connection.onreconnecting(() => !isEnded() && sink.failed(lost(name, null)));
  connection.onreconnected(() => !isEnded() && sink.opened());
  connection.onclose(() => onClosed());
  // What is the matter, as last told: undefined = nothing.
  let told: number | null | undefined;
  for (let failures = 0; !isEnded(); failures += 1) {
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve;
    });
    try {
      await connection.start();
      if (!isEnded()) sink.opened();
      failures = 0;
      told = undefined;
      await closed;
    } catch {
      // What it says may have the address in it, and with that the token.
    }
    if (isEnded()) return;
    const status = refusedWith();
    if (status !== told) {
      sink.failed(lost(name, status));
      // The member is not in it any longer, or the session is not there: reading tells which.
      if (isFinal(status)) sink.changed();
    }
    told = status;
    const wakeAt = clock.now() + (isFinal(status) ? lastRetryMs : retryMs(failures));
    await sleepUntil(clock, wakeAt, signal).catch(() => {});
  }
}

function poll(sink: Sink, pollMs: number, clock: Clock, signal: AbortSignal): void {
  const arm = (): void => {
    const timer = clock.at(clock.now() + pollMs, () => {
      signal.removeEventListener('abort', cancel);
      sink.changed();
      if (!signal.aborted) arm();
    });
    const cancel = (): void => timer[Symbol.dispose]();
    signal.addEventListener('abort', cancel, { once: true });
  };
  arm();
}

const lost = (name: string, status: number | null): Problem =>
  status === 401 || status === 403
    ? problem('NOT_A_MEMBER', `Backend ${name} lets this member no longer follow the session: its hub answered ${status}.`, {
        backend: name,
      })
    : problem(
        'UPSTREAM_UNAVAILABLE',
        `Backend ${name} cannot be followed: ${status === null ? 'no connection to its hub' : `its hub answered ${status}`}. It is tried again.`,
        { backend: name },
      );
