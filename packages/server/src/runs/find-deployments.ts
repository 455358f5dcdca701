import type { DeploymentId, RunId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import type { SubjectId, SubjectKind } from '../store/schema.ts';
import { selectDeploymentsOf } from './run-store.ts';

type Of = { subjectKind: SubjectKind; subjectId: SubjectId };

/** Finds the deployment of each of these: its own, or the one that built what its run is made from. */
export async function findDeployments(
  db: Reader,
  all: readonly Of[],
): Promise<(of: Of) => DeploymentId> {
  const runs = all.filter(({ subjectKind }) => subjectKind === 'run');
  const built = await selectDeploymentsOf(
    db,
    runs.map(({ subjectId }) => subjectId as RunId),
  );
  return ({ subjectId }) => built.get(subjectId as RunId) ?? (subjectId as DeploymentId);
}
