import { MINUTE, SECOND } from '../lib/duration.ts';
import { describeExit, latestAttempts } from './workload.ts';
import { rulesOf } from './subject.ts';
import type { Instance, Workload } from './workload.ts';

export type RolloutStep = { number: number; attempt: number; startAfter: number | null };

/** An instance that lived this long was well; what ends it is not counted as one crash more in a row. */
const STEADY = 10 * MINUTE;
const LONGEST_PAUSE = MINUTE;

/**
 * The instances that are missing so that each number of an admitted workload has one that runs. A
 * Webapp's number that was healthy once is tried again when its instance ended, or did not prove its
 * health in time, after a pause that doubles with each crash in a row; one that never became healthy,
 * and a run's, is not: what follows from it is decided by the deployment.
 */
export function planRollout(
  { subjectKind, nodes }: Pick<Workload, 'subjectKind' | 'nodes'>,
  instances: readonly Instance[],
  now: number,
): RolloutStep[] {
  const { instances: how, replaces } = rulesOf({ subjectKind });
  if (how === 'in_turn') return [];
  const latest = latestAttempts(instances);
  return Array.from({ length: nodes }, (_, number) => latest.get(number) ?? number).flatMap(
    (known): RolloutStep[] => {
      if (typeof known === 'number') return [{ number: known, attempt: 1, startAfter: null }];
      if (!replaces || !isOver(known)) return [];
      if (!instances.some((one) => one.number === known.number && one.healthyAt !== null))
        return [];
      const { number, attempt } = known;
      return [{ number, attempt: attempt + 1, startAfter: now + pauseAfter(instances, number) }];
    },
  );
}

const isOver = ({ status }: Instance): boolean => status === 'exited' || status === 'unhealthy';

/** What users are told of instances that are replaced. */
export const describeReplacements = (
  steps: readonly RolloutStep[],
  instances: readonly Instance[],
  now: number,
): string[] =>
  steps.flatMap(({ number, attempt, startAfter }) => {
    const former = instances.find((one) => one.number === number && one.attempt === attempt - 1);
    if (former === undefined) return [];
    const seconds = Math.round(((startAfter ?? now) - now) / SECOND);
    return `Instance ${number} ended (${describeExit(former)}): it is started again in ${seconds} s, attempt ${attempt}.`;
  });

/** 1 s after the first crash, doubling up to a minute; a steady life starts the count anew. */
export function pauseAfter(instances: readonly Instance[], number: number): number {
  const lives = instances
    .filter((one) => one.number === number && isOver(one))
    .toSorted((a, b) => b.attempt - a.attempt);
  const steady = lives.findIndex(
    ({ healthyAt, endedAt }) => healthyAt !== null && (endedAt ?? healthyAt) - healthyAt >= STEADY,
  );
  const crashes = steady === -1 ? lives.length : steady + 1;
  return Math.min(LONGEST_PAUSE, SECOND * 2 ** Math.min(Math.max(0, crashes - 1), 10));
}
