import { forgetExpired } from '../accounts/forget-expired.ts';
import { forgetEvents } from '../events/forget-events.ts';
import { steadyClock } from '../lib/clock.ts';
import { metricsKeeper } from '../metrics/sample.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { compareEngine } from '../workloads/compare-engine.ts';
import type { Observer } from '../workloads/observe-instance.ts';
import { buildSweeper, cacheKeeper, imageSweeper, logKeeper } from './application-files.ts';
import { certificateKeeper } from './certificate-keeper.ts';
import { checkpointKeeper } from './checkpoint-keeper.ts';
import type { Foundation } from './foundation.ts';
import { numberKeeper } from './number-keeper.ts';

/** What is compared and cleaned up from time to time. */
export const cleanupNames = [
  'engine',
  'docker',
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

export function cleanups(foundation: Foundation, observer: Observer): Reconciler {
  const { engines, inventory } = foundation;
  const nothing: Reconciler = async () => undefined;
  const byName: Record<(typeof cleanupNames)[number], Reconciler> = {
    engine: compareEngine(observer, 'process'),
    docker: engines.docker === undefined ? nothing : compareEngine(observer, 'docker'),
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
      meters: { process: engines.process, ...(engines.docker && { docker: engines.docker }) },
      devices: inventory.source,
    }),
  };
  const known: Partial<Record<string, Reconciler>> = byName;
  return async (claim, signal) => known[claim.id]?.(claim, signal);
}
