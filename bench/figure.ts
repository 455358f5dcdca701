/** One measured value beside its goal, and beside a peer or a floor measured in the same run. */
export type Figure = {
  bench: string;
  metric: string;
  /** The median of `rounds`; null where this machine lacks what it takes to measure it. */
  value: number | null;
  unit: string;
  /** What each round measured. */
  rounds: readonly number[];
  /** As one would say it: `≤ 100 ms`, `≥ 1.5 × Caddy`. */
  goal: string | null;
  /** Who else was measured. */
  beside: string | null;
  besideValue: number | null;
  /** `value` divided by `besideValue`. */
  ratio: number | null;
  /** Whether the goal is met; null where there is none, or nothing to tell it by. */
  met: boolean | null;
};

/** What each `bench/<name>/bench.ts` exports as `bench`. */
export type Bench = () => Promise<readonly Figure[]>;

export type Goal = {
  text: string;
  met(value: number, beside: number | null): boolean | null;
};

export const atMost = (limit: number, unit: string): Goal => ({
  text: `≤ ${limit} ${unit}`,
  met: (value) => value <= limit,
});

export const atLeast = (limit: number, unit: string): Goal => ({
  text: `≥ ${limit}${unit}`,
  met: (value) => value >= limit,
});

export const atLeastTimes = (factor: number, peer: string): Goal => ({
  text: `≥ ${factor} × ${peer}`,
  met: (value, beside) => (beside === null ? null : value >= factor * beside),
});

export const atMostThatOf = (peer: string): Goal => ({
  text: `≤ ${peer}’s`,
  met: (value, beside) => (beside === null ? null : value <= beside),
});

/** What we may add to what another takes: a tenth, or a second. Both are in milliseconds. */
export const atMostOver = (peer: string): Goal => ({
  text: `≤ ${peer} + 10 % or 1 s`,
  met: (value, beside) => (beside === null ? null : value <= beside + Math.max(beside / 10, 1_000)),
});

/** A figure of several rounds, ours and those of whom we stand beside; no rounds where it could not be measured. */
export function figureOf(measured: {
  bench: string;
  metric: string;
  unit: string;
  rounds: readonly number[];
  goal?: Goal;
  beside?: { name: string; rounds: readonly number[] };
}): Figure {
  const { bench, metric, unit, rounds, goal, beside } = measured;
  const value = medianOf(rounds);
  const besideValue = beside === undefined ? null : medianOf(beside.rounds);
  return {
    bench,
    metric,
    value,
    unit,
    rounds,
    goal: goal?.text ?? null,
    beside: beside?.name ?? null,
    besideValue,
    ratio: value === null || besideValue === null ? null : value / besideValue,
    met: value === null ? null : (goal?.met(value, besideValue) ?? null),
  };
}

/** The value that a share of the values, 0 to 1, do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const medianOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : percentile(values, 0.5);
