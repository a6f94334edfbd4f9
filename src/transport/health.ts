import type { FastifyInstance } from 'fastify';

export interface HealthOptions {
  /** What must answer for the gateway to be of use, by name. Each rejects where it cannot. */
  readonly checks: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>>;
  readonly isDraining: () => boolean;
  /**
   * How long a check may take.
   * @default 2_000 // 2 seconds
   */
  readonly timeoutMs?: number;
  /** Is told why a check failed: the answer says only that it did. */
  readonly onFailure: (check: string, error: unknown) => void;
}

/**
 * `/health/live`: 200 as long as the process answers at all. `/health/ready`: 200 where it should be sent requests, 503 where something that
 * it needs does not answer, or it is stopping. Both say the same as JSON: `{ status, checks? }`.
 */
export function registerHealth(app: FastifyInstance, { checks, isDraining, timeoutMs = 2_000, onFailure }: HealthOptions): void {
  app.get('/health/live', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'live' }));

  app.get('/health/ready', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    if (isDraining()) return reply.code(503).send({ status: 'draining' });
    const signal = AbortSignal.timeout(timeoutMs);
    const outcomes = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(name, check, signal)] as const),
    );
    const ready = outcomes.every(([, outcome]) => outcome === 'up');
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'unready', checks: Object.fromEntries(outcomes) });
  });

  async function outcomeOf(name: string, check: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<'up' | 'down'> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const expire = (): void => reject(new Error(`The check of ${name} took longer than ${timeoutMs} ms.`));
    signal.addEventListener('abort', expire, { once: true });
    try {
      // Not every check looks at the signal.
      await Promise.race([check(signal), late]);
      return 'up';
    } catch (error) {
      onFailure(name, error);
      return 'down';
    } finally {
      signal.removeEventListener('abort', expire);
    }
  }
}
