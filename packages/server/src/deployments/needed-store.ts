import { pendingStatuses } from './deployment.ts';
import type { Reader } from '../store/database.ts';

/** Deployments that are not over, with what they need. */
export const selectUnended = (db: Reader) =>
  db
    .selectFrom('deployments')
    .select(['id as deploymentId', 'status', 'artifactId', 'commitId', 'startedAt'])
    .where('status', 'in', [...pendingStatuses, 'live'])
    .execute();

/** Artifacts of workloads and runs that are not over, whatever became of their deployments. */
export async function selectArtifactsInUse(db: Reader): Promise<string[]> {
  const running = await db
    .selectFrom('workloads as w')
    .leftJoin('deployments as d', 'd.id', 'w.subjectId')
    .leftJoin('runs as r', 'r.id', 'w.subjectId')
    .select(({ fn }) => fn.coalesce('d.artifactId', 'r.artifactId').as('artifactId'))
    .where('w.state', 'in', ['waiting', 'admitted'])
    .execute();
  const runs = await db
    .selectFrom('runs')
    .select('artifactId')
    .where('status', 'in', ['waiting', 'running'])
    .execute();
  return [...running, ...runs].flatMap(({ artifactId }) => artifactId ?? []);
}
