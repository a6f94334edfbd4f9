import { describe, expect, it } from 'vitest';
import { formatReport, passed, type Report } from '../../bench/harness/report.ts';
import { alternate, rowOf, type Row } from '../../bench/harness/scenario.ts';

const machine = { processor: 'Abacus', cores: 2, memoryGiB: 4, system: 'linux', node: 'v24', fsyncMs: 1 };
const reportOf = (rows: readonly Row[], change: Partial<Report> = {}): Report => ({
  machine,
  judged: true,
  seconds: 1,
  rows,
  failures: [],
  skipped: [],
  ...change,
});
const against = (parley: readonly number[], peer: readonly number[], atLeast: number): Row =>
  rowOf({
    scenario: 's',
    measure: 'm',
    unit: 'req/s',
    parley,
    peer: { name: 'p', values: peer },
    target: { bound: 'at least', value: atLeast },
  });

describe('judging', () => {
  it('takes the median of the ratios of the rounds', () => {
    // The medians of the sides would give 300 / 100.
    expect(against([300, 100, 900], [100, 10, 600], 3).ratio).toEqual({ median: 3, low: 1.5, high: 10 });
    expect(against([200, 300, 400], [100, 200, 100], 2).ratio?.median).toBe(2);
  });

  it('holds a ratio to a floor, and a figure to a ceiling', () => {
    expect(against([300], [100], 3).met).toBe(true);
    expect(against([299], [100], 3).met).toBe(false);
    const figure = (value: number): Row =>
      rowOf({
        scenario: 's',
        measure: 'm',
        unit: 'KiB',
        parley: [value],
        peer: { name: 'p', values: [1] },
        judge: 'figure',
        target: { bound: 'at most', value: 16 },
      });
    expect([figure(16).met, figure(16.1).met]).toEqual([true, false]);
  });

  it('fails where a target is missed or a scenario could not be run, and never by what is for information', () => {
    const informational = rowOf({ scenario: 's', measure: 'm', unit: 'ms', parley: [1] });
    expect(passed(reportOf([against([300], [100], 3), informational]))).toBe(true);
    expect(passed(reportOf([against([200], [100], 3)]))).toBe(false);
    expect(passed(reportOf([against([200], [100], 3)], { judged: false }))).toBe(true);
    expect(passed(reportOf([], { failures: [{ scenario: 's', message: 'no' }] }))).toBe(false);
  });

  it('says loudly what was left out and how to have it, and takes a run of nothing for no success', () => {
    const skipped = [{ scenario: 'mesh', message: 'Install it with `npm ci --prefix bench/mesh`.' }];
    expect(formatReport(reportOf([], { skipped }))).toContain('mesh SKIPPED: Install it with `npm ci --prefix bench/mesh`.');
    expect(passed(reportOf([against([300], [100], 3)], { skipped }))).toBe(true);
    expect(passed(reportOf([], { skipped }))).toBe(false);
  });

  it('says in the table what was missed', () => {
    const table = formatReport(reportOf([against([200], [100], 3), against([400], [100], 3)]));
    expect(table.match(/MISSED/g)).toHaveLength(1);
    expect(table).toMatch(/\bmet$/m);
    expect(table).toContain('Abacus, 2 cores');
  });

  it('lets the contenders take turns', async () => {
    const turns: string[] = [];
    const contender = (name: string) => async () => turns.push(name);
    expect(await alternate(2, [contender('a'), contender('b')])).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(turns).toEqual(['a', 'b', 'a', 'b']);
  });
});
