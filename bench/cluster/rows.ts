import { rowOf, type Row, type Scale } from '../harness/scenario.ts';
import { median } from '../harness/statistics.ts';
import type { HttpLoadResult } from '../load/http-load.ts';
import type { LatencyResult } from '../load/latency.ts';
import type { FanOutResult } from '../load/subscribers.ts';
import type { BusKind } from './buses.ts';
import { lightLoad, type Latency, type Round, type Throughput } from './measures.ts';

const scenario = 'cluster';

const mid = <T>(rounds: readonly T[], figure: (round: T) => number): number => median(rounds.map(figure));

/** Who kept how many cores busy: what limits the figure. */
function coresIn(rounds: readonly Round<{ readonly clientCores: number }>[], { launch }: BusKind): Record<string, number> {
  return {
    'gateways: cores': mid(rounds, ({ cost }) => cost.cores.gateways),
    'PostgreSQL: cores': mid(rounds, ({ cost }) => cost.cores.postgres),
    ...(launch !== null && { 'bus: cores': mid(rounds, ({ cost }) => cost.cores.bus) }),
    'load: cores': mid(rounds, ({ clientCores }) => clientCores),
    'the whole machine: cores': mid(rounds, ({ cost }) => cost.cores.machine),
    'commits/s': mid(rounds, ({ cost }) => cost.commitsPerSecond),
  };
}

/** Processor time of the gateways, or of PostgreSQL, for one of what was done. */
const micros =
  <T>(part: 'gateways' | 'postgres', perSecond: (round: Round<T>) => number) =>
  (round: Round<T>): number =>
    (round.cost.cores[part] / perSecond(round)) * 1e6;

const sendRate = ({ perSecond }: Round<HttpLoadResult>): number => perSecond;
const deliveryRate = ({ deliveriesPerSecond }: Round<FanOutResult>): number => deliveriesPerSecond;

/** @param stages - With one gateway, with two, and so on. */
export function throughputRows(bus: BusKind, stages: readonly Throughput[], scale: Scale): readonly Row[] {
  const row = <T extends { readonly clientCores: number }>(
    what: string,
    unit: string,
    index: number,
    roundsOf: (stage: Throughput) => readonly Round<T>[],
    rate: (round: Round<T>) => number,
    details: (rounds: readonly Round<T>[]) => Record<string, number>,
  ): Row[] => {
    const [alone] = stages;
    const stage = stages[index];
    if (alone === undefined || stage === undefined) return [];
    const rounds = roundsOf(stage);
    return [
      rowOf({
        scenario,
        measure: `${bus.name}: ${what}, ${index + 1} ${index === 0 ? 'gateway' : 'gateways'}`,
        unit,
        parley: rounds.map(rate),
        ...(index > 0 && { peer: { name: '1 gateway', values: roundsOf(alone).map(rate) } }),
        details: { ...coresIn(rounds, bus), ...details(rounds) },
      }),
    ];
  };
  const sends = stages.flatMap((_, index) =>
    row(
      `sendMessage, ${scale.callers} callers`,
      'req/s',
      index,
      (stage) => stage.sends,
      sendRate,
      (rounds) => ({
        'gateways: µs per send': mid(rounds, micros('gateways', sendRate)),
        'PostgreSQL: µs per send': mid(rounds, micros('postgres', sendRate)),
        'p50 ms': mid(rounds, ({ medianMs }) => medianMs),
        'p99 ms': mid(rounds, ({ p99Ms }) => p99Ms),
      }),
    ),
  );
  const fanOuts = stages.flatMap((_, index) =>
    row(
      `${scale.subscribers} subscribers of one session`,
      'deliveries/s',
      index,
      (stage) => stage.fanOut,
      deliveryRate,
      (rounds) => ({
        'gateways: µs per delivery': mid(rounds, micros('gateways', deliveryRate)),
        messages: mid(rounds, ({ published }) => published),
        'frames parsed': mid(rounds, ({ parsed }) => parsed),
      }),
    ),
  );
  return [...sends, ...fanOuts];
}

/** Gateways that hear nothing look once a second, which is half a second on average: more than this is no hint. */
const maxMedianMs = 250;
const maxP99Ms = 1_000;

type Percentile = 'medianMs' | 'p99Ms';

export function latencyRows(bus: BusKind, { hinted, frozen }: Latency, gateways: number): readonly Row[] {
  const measure = `${bus.name}: to other gateways, ${lightLoad} messages/s, ${gateways} gateways`;
  const of = (rounds: readonly LatencyResult[], where: 'same' | 'others', percentile: Percentile): number[] =>
    rounds.map((round) => round[where][percentile]);
  const row = (name: string, rounds: Latency['hinted'], percentile: Percentile, more: Partial<Parameters<typeof rowOf>[0]>): Row =>
    rowOf({
      scenario,
      measure: `${measure}, ${name}`,
      unit: 'ms',
      parley: of(rounds, 'others', percentile),
      peer: { name: 'to the same gateway', values: of(rounds, 'same', percentile) },
      ...more,
    });
  const answered = (rounds: Latency['hinted']): Record<string, number> => ({
    messages: rounds.reduce((sum, { messages }) => sum + messages, 0),
    'answer: p50 ms': mid(rounds, (round) => round.answered.medianMs),
    'answer: p99 ms': mid(rounds, (round) => round.answered.p99Ms),
  });
  return [
    row('p50', hinted, 'medianMs', {
      target: { bound: 'at most', value: maxMedianMs },
      judge: 'figure',
      details: { ...coresIn(hinted, bus), ...answered(hinted) },
    }),
    row('p99', hinted, 'p99Ms', { target: { bound: 'at most', value: maxP99Ms }, judge: 'figure' }),
    ...(frozen.length === 0
      ? []
      : [
          row('p99, bus frozen', frozen, 'p99Ms', {
            details: { 'p50 ms': median(of(frozen, 'others', 'medianMs')), ...answered(frozen) },
          }),
        ]),
  ];
}
