import type { WorkloadId } from '../lib/ids.ts';
import type { Instance } from '../workloads/workload.ts';
import { SAMPLES } from './metric.ts';
import type { Point } from './metric.ts';

/** A device that a node of a workload has or had leased. */
export type LeasedDevice = {
  workloadId: WorkloadId;
  number: number;
  uuid: string;
  model: string;
  acquiredAt: number;
  endedAt: number | null;
};

/** A device in the time in which an instance had it to itself: from, and until before. */
export type HeldDevice = { uuid: string; model: string; from: number; to: number };

/** A driver speaks of the time before it answers, and may take a while: so much may still be the former holder's. */
const FORMER = SAMPLES.step;

/** What the node of an instance had leased, while that instance lived. */
export function devicesOf(
  {
    workloadId,
    number,
    startedAt,
    endedAt,
  }: Pick<Instance, 'workloadId' | 'number' | 'startedAt' | 'endedAt'>,
  leases: readonly LeasedDevice[],
): HeldDevice[] {
  if (startedAt === null) return [];
  return leases
    .filter((lease) => lease.workloadId === workloadId && lease.number === number)
    .map((lease) => ({
      uuid: lease.uuid,
      model: lease.model,
      from: Math.max(startedAt, lease.acquiredAt) + FORMER,
      to: Math.min(endedAt ?? Infinity, lease.endedAt ?? Infinity),
    }));
}

/** Points that speak of that time alone: one that begins before it, or ends after it, may be of another holder, too. */
export const pointsWithin = <V>(
  { from, to }: HeldDevice,
  points: readonly Point<V>[],
  step: number,
): Point<V>[] => points.filter(({ at }) => at >= from && at + step <= to);
