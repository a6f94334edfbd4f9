/** What a contender reached over the rounds. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** The middle one; of an even number the mean of the two in the middle. Of none: NaN. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  low: Math.min(...values),
  high: Math.max(...values),
});

/** Round by round, so that what slows the whole machine for a while slows both sides of a ratio. */
export const ratiosOf = (subject: readonly number[], peer: readonly number[]): number[] =>
  subject.map((value, round) => value / (peer[round] ?? Number.NaN));
