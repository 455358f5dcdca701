import type { Kysely } from 'kysely';
import type { ApplicationId } from '../lib/ids.ts';
import type { Schema } from '../store/schema.ts';
import type { Run } from './run.ts';
import { selectRuns } from './run-store.ts';

/** The application's runs, the newest first. */
export const listRuns = (
  db: Kysely<Schema>,
  applicationId: ApplicationId,
  limit = 100,
): Promise<Run[]> => selectRuns(db, applicationId, limit);
