import { SAMPLES, beginningOf, chooseResolution } from './metric.ts';
import type { Point, Rollup } from './metric.ts';
import { selectRollups, selectSamples } from './metrics-store.ts';
import type { Window } from './metrics-store.ts';
import { widen } from './rollup.ts';
import type { Reader } from '../store/database.ts';

/** The points of each subject, in the order of time; none of what was never measured. */
export type Series = ReadonlyMap<string, readonly Point<Rollup>[]>;

/** What these instances or devices used in a window, as finely as it is still known. */
export async function readSeries(
  db: Reader,
  window: Window,
  now: number,
): Promise<{ step: number; series: Series }> {
  const { step } = chooseResolution(window.from, now);
  const whole = { ...window, from: beginningOf(window.from, step) };
  const points =
    step === SAMPLES.step
      ? (await selectSamples(db, whole)).map((one) => ({ ...one, values: widen(one.values) }))
      : await selectRollups(db, step, whole);
  return { step, series: Map.groupBy(points, ({ subjectId }) => subjectId) };
}
