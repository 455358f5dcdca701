import type { Needed } from '../builds/plan-sweep.ts';
import type { Reader } from '../store/database.ts';
import { selectArtifactsInUse, selectUnended } from './needed-store.ts';

/** What of the builds is needed by all that is not over: deployments, what still runs for former ones, runs. */
export async function findNeeded(db: Reader): Promise<Needed> {
  const deployments = await selectUnended(db);
  const inUse = await selectArtifactsInUse(db);
  const named = deployments.flatMap(({ artifactId }) => artifactId ?? []);
  return {
    needed: {
      artifactIds: new Set([...named, ...inUse]),
      commitIds: new Set(deployments.map(({ commitId }) => commitId)),
    },
    builds: deployments.filter(({ status }) => status === 'queued' || status === 'building'),
  };
}
