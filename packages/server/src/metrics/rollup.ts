import { MINUTES, QUARTERS, beginningOf, counters, gauges } from './metric.ts';
import type { Gauge, Point, Rollup, Span, Values } from './metric.ts';

/** What a counter of time stood at, by a clock that never jumps. */
export type CpuReading = { milliseconds: number; elapsed: number };

/** Nothing can be told from readings that are closer: counters are kept in ticks of up to 10 ms. */
const CLOSEST = 1_000;

/** Cores in use between two readings; undefined where the counter began anew. */
export function coresBetween(before: CpuReading, after: CpuReading): number | undefined {
  const [spent, time] = [after.milliseconds - before.milliseconds, after.elapsed - before.elapsed];
  return spent < 0 || time < CLOSEST ? undefined : rounded('cpu', spent / time);
}

export const rounded = (gauge: Gauge, value: number): number =>
  Number(value.toFixed(gauges[gauge]));

/** A sample as what a longer time would be rolled up to. */
export const widen = (values: Values): Rollup => {
  const { received, sent, ...rest } = values;
  const spans = Object.entries(rest).map(([gauge, value]) => [gauge, [value, value, value]]);
  return {
    ...(Object.fromEntries(spans) as Partial<Record<Gauge, Span>>),
    ...(received !== undefined && { received }),
    ...(sent !== undefined && { sent }),
  };
};

/** Several, in the order of their time, as one; each counts as much as any other. */
export function merge(parts: readonly Rollup[]): Rollup {
  const merged: Rollup = {};
  for (const gauge of Object.keys(gauges) as Gauge[]) {
    const spans = parts.flatMap((part) => (part[gauge] === undefined ? [] : [part[gauge]]));
    if (spans.length > 0) merged[gauge] = mergeSpans(gauge, spans);
  }
  for (const counter of counters) {
    const last = parts.findLast((part) => part[counter] !== undefined)?.[counter];
    if (last !== undefined) merged[counter] = last;
  }
  return merged;
}

const mergeSpans = (gauge: Gauge, spans: readonly Span[]): Span => [
  Math.min(...spans.map(([min]) => min)),
  rounded(gauge, spans.reduce((sum, [, mean]) => sum + mean, 0) / spans.length),
  Math.max(...spans.map(([, , max]) => max)),
];

/** Those of each subject that fall into the same time, as one point; they come in the order of their time. */
export function rollUp(points: readonly Point<Rollup>[], step: number): Point<Rollup>[] {
  const groups = Map.groupBy(
    points,
    ({ subjectId, at }) => `${beginningOf(at, step)} ${subjectId}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { subjectId, at } = first;
    const values = merge(group.map((point) => point.values));
    return [{ subjectId, at: beginningOf(at, step), values }];
  });
}

/** From when on nothing is rolled up yet. */
export type RolledTo = { minutes: number; quarters: number };

/** The times that are over by now, and not rolled up: from, and until before. */
export const windowOf = (rolledTo: number, now: number, step: number) => {
  const to = beginningOf(now, step);
  return { from: Math.min(rolledTo, to), to };
};

/** Minutes out of samples, and quarters of an hour out of minutes, as far as they are over. */
export function planRollups(
  rolledTo: RolledTo,
  { samples, minutes }: { samples: readonly Point<Values>[]; minutes: readonly Point<Rollup>[] },
  now: number,
): { minutes: Point<Rollup>[]; quarters: Point<Rollup>[]; rolledTo: RolledTo } {
  const inside = windowOf(rolledTo.minutes, now, MINUTES.step);
  const wide = samples.filter(isIn(inside)).map((one) => ({ ...one, values: widen(one.values) }));
  const made = rollUp(wide, MINUTES.step);
  const above = windowOf(rolledTo.quarters, now, QUARTERS.step);
  return {
    minutes: made,
    quarters: rollUp([...minutes, ...made].filter(isIn(above)), QUARTERS.step),
    rolledTo: { minutes: inside.to, quarters: above.to },
  };
}

const isIn =
  ({ from, to }: { from: number; to: number }) =>
  ({ at }: { at: number }): boolean =>
    at >= from && at < to;
