import { forgetExpired } from '../accounts/forget-expired.ts';
import { forgetEvents } from '../events/forget-events.ts';
import { steadyClock } from '../lib/clock.ts';
import { metricsKeeper } from '../metrics/sample.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { EngineName } from '../workloads/engine.ts';
import { compareEngine } from '../workloads/compare-engine.ts';
import type { Observer } from '../workloads/observe-instance.ts';
import { buildSweeper, cacheKeeper, imageSweeper, logKeeper } from './application-files.ts';
import { certificateKeeper } from './certificate-keeper.ts';
import { checkpointKeeper } from './checkpoint-keeper.ts';
import type { Foundation } from './foundation.ts';
import { numberKeeper } from './number-keeper.ts';

/** What is cleaned up from time to time. */
const cleanupNames = [
  'logs',
  'builds',
  'caches',
  'images',
  'accounts',
  'events',
  'certificate',
  'checkpoints',
  'metrics',
  'numbers',
] as const;

const comparisonOf = (engine: EngineName): string => `engine/${engine}`;

/** What is looked at from time to time on a platform with these engines. */
export const listCleanups = ({ all }: Pick<Foundation['engines'], 'all'>): string[] => [
  ...all.map(({ engine }) => comparisonOf(engine.name)),
  ...cleanupNames,
];

export function cleanups(foundation: Foundation, observer: Observer): Reconciler {
  const { engines, inventory } = foundation;
  const byName: Record<(typeof cleanupNames)[number], Reconciler> = {
    logs: logKeeper(foundation),
    builds: buildSweeper(foundation),
    caches: cacheKeeper(foundation),
    images: imageSweeper(foundation),
    accounts: forgetExpired(foundation),
    events: forgetEvents({ ...foundation, keptDays: foundation.config.eventsKeptDays }),
    certificate: certificateKeeper(foundation),
    checkpoints: checkpointKeeper(foundation),
    numbers: numberKeeper(foundation),
    metrics: metricsKeeper({
      ...foundation,
      steadyClock,
      meters: Object.fromEntries(engines.all.map(({ engine }) => [engine.name, engine])),
      devices: inventory.source,
    }),
  };
  const compared = engines.all.map(
    ({ engine: { name } }) => [comparisonOf(name), compareEngine(observer, name)] as const,
  );
  const known: Partial<Record<string, Reconciler>> = { ...byName, ...Object.fromEntries(compared) };
  return async (claim, signal) => known[claim.id]?.(claim, signal);
}
