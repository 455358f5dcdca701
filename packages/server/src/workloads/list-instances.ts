import type { Kysely } from 'kysely';
import type { ApplicationId } from '../lib/ids.ts';
import type { Schema } from '../store/schema.ts';
import { selectInstancesOf } from './instance-store.ts';
import type { Instance } from './workload.ts';

/** The application's instances that are not over; with `endedAfter` also those that ended since. */
export const listInstances = (
  db: Kysely<Schema>,
  applicationId: ApplicationId,
  { endedAfter = Number.MAX_SAFE_INTEGER }: { endedAfter?: number } = {},
): Promise<Instance[]> => selectInstancesOf(db, applicationId, endedAfter);
