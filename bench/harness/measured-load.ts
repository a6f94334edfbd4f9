import type { HttpLoadInput, HttpLoadMethods, HttpLoadResult } from '../load/http-load.ts';
import type { Child } from './child.ts';
import { clockOf, coresOf } from './processors.ts';

/** One round of load, with what it cost the server. */
export interface MeasuredLoad extends HttpLoadResult {
  /** Processor time of all threads of the server over the time of the round. */
  readonly serverCores: number;
}

/** How many cores a server keeps busy while something is going on. */
export async function coresDuring<T>(server: Child, work: () => Promise<T>): Promise<readonly [result: T, cores: number]> {
  const [result, cores] = await coresOf({ server: clockOf(server) }, work);
  return [result, cores.server];
}

/** Processor time of the server per answer: says what an answer costs even where others use the machine as well. */
export const processorMicros = ({ serverCores, perSecond }: MeasuredLoad): number => (serverCores / perSecond) * 1e6;

export async function measuredLoad(load: Child<HttpLoadMethods>, server: Child, input: HttpLoadInput): Promise<MeasuredLoad> {
  const [result, serverCores] = await coresDuring(server, () => load.call('load', input));
  return { ...result, serverCores };
}
