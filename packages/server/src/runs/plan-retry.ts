import { MINUTE, SECOND } from '../lib/duration.ts';
import type { Attempt, RunFailure } from './run.ts';

/** Who is to blame for the end of an attempt; each cause has its own rule. */
export type RetryCause = 'program' | 'lost' | 'device' | 'never';

/** What the platform tries again by itself, and how often: its own faults, on another device or another start. */
const PLATFORM_BUDGET = 3;

const FIRST_PAUSE = SECOND;
const LONGEST_PAUSE = 5 * MINUTE;

/**
 * An exit code or a signal is the program's own, and tried again as often as its user asked. What was lost,
 * could not be started, or stood on a device that fell ill is not its fault. Everything else would only happen again.
 */
export function causeOf({ reason }: Pick<RunFailure, 'reason'>): RetryCause {
  switch (reason) {
    case 'exited':
    case 'before_failed':
      return 'program';
    case 'supervisor_lost':
    case 'start_failed':
    case 'barrier_timeout':
      return 'lost';
    case 'device_lost':
      return 'device';
    default:
      return 'never';
  }
}

/**
 * Whether a failed attempt is followed by another, and after which pause (ms); the pause after failures of
 * the program itself doubles. Each cause has its own budget: `retries` of the user's for the program (none at
 * all, for any cause, where the user said 0), three of the platform's for each of its own.
 */
export function planRetry(
  failure: Pick<RunFailure, 'reason'>,
  earlier: readonly Pick<Attempt, 'reason'>[],
  retries: number | null,
): { again: true; pause: number } | { again: false } {
  const cause = causeOf(failure);
  if (cause === 'never' || retries === 0) return { again: false };
  const used = earlier.filter(
    ({ reason }) => reason !== null && causeOf({ reason }) === cause,
  ).length;
  const budget = cause === 'program' ? (retries ?? 0) : PLATFORM_BUDGET;
  if (used >= budget) return { again: false };
  const pause = cause === 'device' ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** used);
  return { again: true, pause };
}
