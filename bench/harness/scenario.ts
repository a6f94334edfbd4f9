import { ratiosOf, spreadOf, type Spread } from './statistics.ts';

/** How much is done: counts and times of one run. */
export interface Scale {
  readonly rounds: number;
  readonly roundSeconds: number;
  /** Per contender, before the first round. */
  readonly warmUpSeconds: number;
  /** Concurrent HTTP callers, each on its own connection. */
  readonly callers: number;
  readonly subscribers: number;
  readonly idleSubscriptions: number;
  /** Sessions that the idle subscriptions are spread over. */
  readonly idleSessions: number;
  readonly starts: number;
  readonly coldStarts: number;
  /** As many gateways as are measured together at most: each number up to it. */
  readonly clusterGateways: number;
  /** There is more to run of them: fewer and shorter rounds each. */
  readonly clusterRounds: number;
  readonly clusterRoundSeconds: number;
  readonly clusterWarmUpSeconds: number;
}

/** What is measured. */
export const fullScale: Scale = {
  rounds: 5,
  roundSeconds: 3,
  warmUpSeconds: 6,
  callers: 64,
  subscribers: 1_000,
  idleSubscriptions: 10_000,
  idleSessions: 100,
  starts: 10,
  coldStarts: 3,
  clusterGateways: 3,
  clusterRounds: 3,
  clusterRoundSeconds: 2,
  clusterWarmUpSeconds: 1,
};

/** Whether everything runs: too short for its figures to mean anything. */
export const quickScale: Scale = {
  rounds: 1,
  roundSeconds: 0.3,
  warmUpSeconds: 0.1,
  callers: 8,
  subscribers: 40,
  idleSubscriptions: 100,
  idleSessions: 5,
  starts: 1,
  coldStarts: 1,
  clusterGateways: 2,
  clusterRounds: 1,
  clusterRoundSeconds: 0.3,
  clusterWarmUpSeconds: 0.1,
};

export interface Target {
  readonly bound: 'at least' | 'at most';
  readonly value: number;
}

/** One line of the result. */
export interface Row {
  readonly scenario: string;
  readonly measure: string;
  readonly unit: string;
  readonly parley: Spread;
  readonly peer: (Spread & { readonly name: string }) | null;
  /** Of the rounds, Parley over peer. Null where there is no peer. */
  readonly ratio: Spread | null;
  /** Of the ratio, or of Parley's own figure where there is no ratio. Null = for information. */
  readonly target: Target | null;
  readonly met: boolean | null;
  /** What explains the figure: processor time, bytes, latencies. */
  readonly details: Readonly<Record<string, number>>;
}

export interface RowInput {
  readonly scenario: string;
  readonly measure: string;
  readonly unit: string;
  readonly parley: readonly number[];
  readonly peer?: { readonly name: string; readonly values: readonly number[] };
  readonly target?: Target;
  /** What the target is of. @default 'ratio' where there is a peer */
  readonly judge?: 'ratio' | 'figure';
  readonly details?: Readonly<Record<string, number>>;
}

/** Puts the rounds of one measure together and judges them. */
export function rowOf({ scenario, measure, unit, parley, peer, target, judge, details }: RowInput): Row {
  const own = spreadOf(parley);
  const ratio = peer === undefined ? null : spreadOf(ratiosOf(parley, peer.values));
  const judged = ratio === null || judge === 'figure' ? own.median : ratio.median;
  return {
    scenario,
    measure,
    unit,
    parley: own,
    peer: peer === undefined ? null : { name: peer.name, ...spreadOf(peer.values) },
    ratio,
    target: target ?? null,
    met: target === undefined ? null : target.bound === 'at least' ? judged >= target.value : judged <= target.value,
    details: details ?? {},
  };
}

/** What a scenario is given. */
export interface Workshop {
  readonly scale: Scale;
  /** A folder of its own on the disk of the package, removed afterwards. */
  readonly directory: string;
  /** Says what is going on, to whoever waits. */
  readonly say: (text: string) => void;
  /** Says loudly that a part is left out, and what to install for it. */
  readonly skip: (message: string) => void;
}

export interface Scenario {
  readonly name: string;
  /** What has to be installed first; null = nothing. Left out = it can always be run. */
  readonly missing?: () => string | null;
  readonly run: (workshop: Workshop) => Promise<readonly Row[]>;
}

/** Runs the contenders in turn, A B A B …, and answers each one's rounds. */
export async function alternate<T>(rounds: number, contenders: readonly (() => Promise<T>)[]): Promise<readonly (readonly T[])[]> {
  const results = contenders.map((): T[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, run] of contenders.entries()) results[index]?.push(await run());
  }
  return results;
}
