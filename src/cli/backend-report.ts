import type { Backend } from '../core/backend.ts';
import { renderTable } from './table.ts';

const awakeMs = 60_000;

export interface BackendReport {
  /** `BACKEND KIND STATUS LATENCY MESSAGE`, a row for each. */
  readonly table: string;
  /** The names of those that are not UP. */
  readonly notUp: readonly string[];
}

/** Asks every backend how it is, all at once, and closes them. */
export async function reportBackends(backends: ReadonlyMap<string, Backend>): Promise<BackendReport> {
  // Between two attempts at a service that is not there nothing else keeps the process going: the clock does not.
  const awake = setInterval(() => {}, awakeMs);
  try {
    const rows = await Promise.all([...backends.values()].map(rowOf));
    return {
      table: renderTable([['BACKEND', 'KIND', 'STATUS', 'LATENCY', 'MESSAGE'], ...rows]),
      notUp: rows.flatMap(([name, , status]) => (status === 'UP' ? [] : [name])),
    };
  } finally {
    clearInterval(awake);
    for (const backend of backends.values()) await backend.service?.[Symbol.asyncDispose]();
  }
}

type Row = readonly [name: string, kind: string, status: string, latency: string, message: string];

async function rowOf(backend: Backend): Promise<Row> {
  const { name, kind } = backend;
  try {
    const { status, latencyMs, message } = await backend.health();
    return [name, kind, status, latencyMs === null ? '-' : `${Math.round(latencyMs)} ms`, oneLine(message ?? '')];
  } catch (error) {
    return [name, kind, 'DOWN', '-', oneLine(error instanceof Error ? error.message : String(error))];
  }
}

// What a service says of itself must not look like another row.
const oneLine = (text: string): string => text.replaceAll(/\p{C}+|\s+/gu, ' ').trim();
