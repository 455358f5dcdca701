import type { Database, Tx } from '../store/database.ts';
import { MINUTES, QUARTERS, SAMPLES } from './metric.ts';
import type { Point, Values } from './metric.ts';
import {
  deleteRollups,
  deleteSamples,
  insertRollups,
  insertSamples,
  selectNewestRollup,
  selectRollups,
  selectSamples,
} from './metrics-store.ts';
import { planRollups, windowOf } from './rollup.ts';
import type { RolledTo } from './rollup.ts';

/** Where rolling up goes on: behind the newest rollup, or with the oldest that could be rolled up. */
export async function findRolledTo({ read }: Database, now: number): Promise<RolledTo> {
  const minute = await selectNewestRollup(read, MINUTES.step);
  const quarter = await selectNewestRollup(read, QUARTERS.step);
  return {
    minutes: minute === undefined ? now - SAMPLES.kept : minute + MINUTES.step,
    quarters: quarter === undefined ? now - MINUTES.kept : quarter + QUARTERS.step,
  };
}

/** What samples and minutes that are over come to; the answer's `record` writes it. */
export async function prepareRollups({ read }: Database, rolledTo: RolledTo, now: number) {
  const samples = await selectSamples(read, windowOf(rolledTo.minutes, now, MINUTES.step));
  const minutes = await selectRollups(
    read,
    MINUTES.step,
    windowOf(rolledTo.quarters, now, QUARTERS.step),
  );
  return planRollups(rolledTo, { samples, minutes }, now);
}

type Recorded = {
  samples: readonly Point<Values>[];
  rollups: Awaited<ReturnType<typeof prepareRollups>>;
  now: number;
};

/** Writes what was measured and what was rolled up, and removes what is older than it is kept. */
export async function recordMetrics(tx: Tx, { samples, rollups, now }: Recorded): Promise<void> {
  await deleteSamples(tx, keptOf(SAMPLES, now));
  await insertSamples(tx, samples);
  const coarser = [
    [MINUTES, rollups.minutes],
    [QUARTERS, rollups.quarters],
  ] as const;
  for (const [resolution, points] of coarser) {
    await insertRollups(tx, resolution.step, points);
    await deleteRollups(tx, resolution.step, keptOf(resolution, now));
  }
}

const keptOf = ({ step, kept }: { step: number; kept: number }, now: number) => ({
  from: now - kept,
  to: now + step,
});
