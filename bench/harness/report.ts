import type { Machine } from './machine.ts';
import type { Row, Target } from './scenario.ts';
import type { Spread } from './statistics.ts';

/** What the bench found. */
export interface Report {
  readonly machine: Machine;
  /** False of a quick run: its figures mean nothing, so its targets are not judged. */
  readonly judged: boolean;
  readonly seconds: number;
  readonly rows: readonly Row[];
  /** Scenarios that could not be run, and why. */
  readonly failures: readonly { readonly scenario: string; readonly message: string }[];
  /** Scenarios, and parts of them, that were left out, and what to install for them. */
  readonly skipped: readonly { readonly scenario: string; readonly message: string }[];
}

const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2 });
const spread = ({ median, low, high }: Spread): string =>
  low === high ? number(median) : `${number(median)} (${number(low)}–${number(high)})`;
const target = ({ bound, value }: Target): string => `${bound === 'at least' ? '≥' : '≤'} ${number(value)}`;

function verdict({ met }: Row, judged: boolean): string {
  if (met === null) return 'for information';
  if (!judged) return 'not judged';
  return met ? 'met' : 'MISSED';
}

const heads = ['scenario', 'measure', 'unit', 'Parley', 'against', '', 'ratio', 'target', ''];

/** The report as a table for people. */
export function formatReport({ machine, judged, seconds, rows, failures, skipped }: Report): string {
  const cells = rows.map((row) => [
    row.scenario,
    row.measure,
    row.unit,
    spread(row.parley),
    row.peer?.name ?? '',
    row.peer === null ? '' : spread(row.peer),
    row.ratio === null ? '' : spread(row.ratio),
    row.target === null ? '' : target(row.target),
    verdict(row, judged),
  ]);
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((line) => line[column]?.length ?? 0)));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const details = rows.flatMap(({ scenario, measure, peer, details }) => {
    const figures = Object.entries(details).map(([name, value]) => `${name} ${number(value)}`);
    return figures.length === 0 ? [] : [`  ${scenario}, ${measure}${peer === null ? '' : ` / ${peer.name}`}: ${figures.join(' · ')}`];
  });
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, fsync ${number(machine.fsyncMs)} ms`,
    '',
    line(heads),
    line(widths.map((width) => '-'.repeat(width))),
    ...cells.map(line),
    '',
    ...details,
    ...failures.map(({ scenario, message }) => `\n${scenario} could not be run: ${message}`),
    ...skipped.map(({ scenario, message }) => `\n${scenario} SKIPPED: ${message}`),
    '',
    `Medians (lowest–highest) over the rounds, ratios round by round. ${Math.round(seconds)} s in all.`,
  ].join('\n');
}

/** Whether what ran met its targets, nothing failed, and anything ran at all. */
export const passed = ({ judged, rows, failures }: Report): boolean =>
  failures.length === 0 && rows.length > 0 && (!judged || rows.every(({ met }) => met !== false));
