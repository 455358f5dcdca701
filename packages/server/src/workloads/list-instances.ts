import type { ApplicationId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import { selectInstancesOf } from './instance-store.ts';
import type { Instance } from './workload.ts';

/** The application's instances that are not over; with `endedAfter` also those that ended since. */
export const listInstances = (
  db: Reader,
  applicationId: ApplicationId,
  { endedAfter = Number.MAX_SAFE_INTEGER }: { endedAfter?: number } = {},
): Promise<Instance[]> => selectInstancesOf(db, applicationId, endedAfter);
