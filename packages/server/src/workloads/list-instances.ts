import type { Kysely } from 'kysely';
import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import type { Schema } from '../store/schema.ts';
import { selectInstancesOf } from './instance-store.ts';
import type { Instance } from './workload.ts';

export { selectLogged as listLogged } from './logged-instance-store.ts';
export type { LoggedInstance } from './logged-instance-store.ts';

/** The application's instances that are not over; with `endedAfter` also those that ended since. */
export async function listInstances(
  db: Kysely<Schema>,
  applicationId: ApplicationId,
  only: { deploymentId?: DeploymentId; endedAfter?: number } = {},
): Promise<Instance[]> {
  const all = await selectInstancesOf(
    db,
    applicationId,
    only.endedAfter ?? Number.MAX_SAFE_INTEGER,
  );
  return all.filter(
    ({ deploymentId }) => only.deploymentId === undefined || deploymentId === only.deploymentId,
  );
}
