import type { FastifyInstance } from 'fastify';
import type { Backend, BackendHealth } from '../core/backend.ts';

export interface HealthOptions {
  /** What must answer for the gateway to be of use, by name. Each rejects where it cannot. */
  readonly checks: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>;
  /** What it does without for a while, only less well: one that is down makes it DEGRADED, and not unready. */
  readonly helpers: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>;
  /** Those with a service are told of. One that is down does not make the gateway unready: it costs its own sessions only. */
  readonly backends: ReadonlyMap<string, Pick<Backend, 'kind' | 'health'>>;
  readonly isDraining: () => boolean;
  /**
   * How long a check or a backend may take.
   * @default 2_000 // 2 seconds
   */
  readonly timeoutMs?: number;
  /** Is told why a check failed: the answer says only that it did. */
  readonly onFailure: (check: string, error: unknown) => void;
  /** Is told why a backend did not say how it is: the answer says DOWN. */
  readonly onBackendFailure: (backend: string, error: unknown) => void;
}

/**
 * `/health/live`: 200 as long as the process answers at all. `/health/ready`: 200 where it should be sent requests, `degraded` or not; 503
 * where something that it needs does not answer, or it is stopping. Both say the same as JSON: `{ status, checks?, backends? }`.
 */
export function registerHealth(app: FastifyInstance, options: HealthOptions): void {
  const { checks, helpers, isDraining, timeoutMs = 2_000, onFailure, onBackendFailure } = options;
  const services = [...options.backends].filter(([, { kind }]) => kind !== 'LOCAL');

  app.get('/health/live', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'live' }));

  app.get('/health/ready', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    if (isDraining()) return reply.code(503).send({ status: 'draining' });
    const signal = AbortSignal.timeout(timeoutMs);
    const outcomesOf = (all: HealthOptions['checks']): Promise<readonly (readonly [string, 'up' | 'down'])[]> =>
      Promise.all(Object.entries(all).map(async ([name, check]) => [name, await outcomeOf(name, check, signal)] as const));
    const [needed, helping, statuses] = await Promise.all([
      outcomesOf(checks),
      outcomesOf(helpers),
      Promise.all(services.map(async ([name, backend]) => [name, await statusOf(name, backend, signal)] as const)),
    ]);
    const areUp = (outcomes: typeof needed): boolean => outcomes.every(([, outcome]) => outcome === 'up');
    const ready = areUp(needed);
    const readyStatus = areUp(helping) ? 'ready' : 'degraded';
    return reply.code(ready ? 200 : 503).send({
      status: ready ? readyStatus : 'unready',
      checks: Object.fromEntries([...needed, ...helping]),
      backends: Object.fromEntries(statuses),
    });
  });

  async function outcomeOf(name: string, check: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<'up' | 'down'> {
    try {
      await inTime(`The check of ${name}`, check, signal);
      return 'up';
    } catch (error) {
      onFailure(name, error);
      return 'down';
    }
  }

  async function statusOf(name: string, backend: Pick<Backend, 'health'>, signal: AbortSignal): Promise<BackendHealth['status']> {
    try {
      const { status } = await inTime(`The health of backend ${name}`, (within) => backend.health(within), signal);
      return status;
    } catch (error) {
      onBackendFailure(name, error);
      return 'DOWN';
    }
  }

  async function inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const expire = (): void => reject(new Error(`${what} took longer than ${timeoutMs} ms.`));
    signal.addEventListener('abort', expire, { once: true });
    try {
      // Not everything looks at the signal.
      return await Promise.race([work(signal), late]);
    } finally {
      signal.removeEventListener('abort', expire);
    }
  }
}
