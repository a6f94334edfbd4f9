import { createHistogram } from 'node:perf_hooks';
import { answer } from '../harness/remote.ts';
import { openHttpConnection, type HttpRequest } from './http-connection.ts';

export interface HttpLoadInput {
  /** One caller each: closed loop, its own connection. */
  readonly requests: readonly HttpRequest[];
  readonly seconds: number;
  /** What every answer must contain. One that does not, or whose status is not 200, fails the round. */
  readonly expect: string;
}

export interface HttpLoadResult {
  readonly perSecond: number;
  readonly answers: number;
  readonly bytesPerAnswer: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Share of one core that the load itself took. */
  readonly clientCores: number;
}

export type HttpLoadMethods = { load(input: HttpLoadInput): Promise<HttpLoadResult> };

function load({ requests, seconds, expect }: HttpLoadInput): Promise<HttpLoadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpLoadResult>();
  const expected = Buffer.from(expect);
  const latency = createHistogram();
  const usedBefore = process.cpuUsage();
  const start = performance.now();
  const end = start + seconds * 1_000;
  let answers = 0;
  let bytes = 0;
  let open = requests.length;

  const finish = (): void => {
    const elapsed = (performance.now() - start) / 1_000;
    const used = process.cpuUsage(usedBefore);
    resolve({
      perSecond: answers / elapsed,
      answers,
      bytesPerAnswer: bytes / answers,
      medianMs: latency.percentile(50) / 1_000,
      p99Ms: latency.percentile(99) / 1_000,
      clientCores: (used.user + used.system) / 1e6 / elapsed,
    });
  };

  for (const request of requests) {
    let askedAt = performance.now();
    let finished = false;
    openHttpConnection({
      ...request,
      onAnswer(status, body) {
        const now = performance.now();
        if (status !== 200 || !body.includes(expected)) {
          reject(new Error(`${request.url} answered ${status}, expected 200 and ${expect}: ${body.toString().slice(0, 1_000)}`));
          return false;
        }
        latency.record(Math.max(1, Math.round((now - askedAt) * 1_000)));
        askedAt = now;
        answers += 1;
        bytes += body.length;
        finished = now >= end;
        return !finished;
      },
      onClose(reason) {
        if (!finished) reject(new Error(`A connection to ${request.url} ended too early: ${reason}`));
        open -= 1;
        if (open === 0) finish();
      },
    });
  }
  return promise;
}

answer({ load } satisfies HttpLoadMethods);
