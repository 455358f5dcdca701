/** One measured value beside its goal, and beside a peer or a floor measured in the same run. */
export type Figure = {
  bench: string;
  metric: string;
  value: number;
  unit: string;
  /** As one would say it: `≤ 100 ms`, `≥ 1.5 × Caddy`. */
  goal: string | null;
  /** Who else was measured. */
  beside: string | null;
  besideValue: number | null;
  /** `value` divided by `besideValue`. */
  ratio: number | null;
  /** Whether the goal is met; null where there is none. */
  met: boolean | null;
};

/** What each `bench/<name>/bench.ts` exports as `bench`. */
export type Bench = () => Promise<readonly Figure[]>;
