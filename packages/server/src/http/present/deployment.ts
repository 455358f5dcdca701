import type { Deployment as WireDeployment } from '@grid/api';
import type { Deployment } from '../../deployments/deployment.ts';
import type { DeploymentStatus } from '../../store/schema.ts';
import type { Instance } from '../../workloads/workload.ts';

/** /v2 knows four states; a run is under way until its command has ended. */
const STATES = {
  queued: 'WIP',
  building: 'WIP',
  starting: 'WIP',
  running: 'WIP',
  live: 'OK',
  completed: 'OK',
  superseded: 'OK',
  failed: 'FAIL',
  cancelled: 'CANCELLED',
} as const satisfies Record<DeploymentStatus, WireDeployment['state']>;

export const presentDeployment = (
  deployment: Deployment,
  { nodes, authors }: { nodes: number; authors: ReadonlyMap<string, string> },
): WireDeployment => ({
  id: deployment.number,
  uuid: deployment.id,
  date: deployment.createdAt,
  state: STATES[deployment.status],
  action: deployment.action,
  commit: deployment.commitId,
  cause: deployment.cause,
  instances: nodes,
  author: {
    id: deployment.authorId,
    name: authors.get(deployment.authorId ?? '') ?? 'Platform',
  },
  reason: deployment.reason,
  detail: deployment.detail,
  status: deployment.status,
});

/** What an instance does, as clients know it. */
export function instanceState(instance: Instance, kind: 'runner' | 'webapp'): string {
  if (instance.wanted === 'gone') return 'STOPPING';
  if (instance.status === 'exited') return 'DELETED';
  if (instance.startedAt === null) return 'BOOTING';
  if (instance.status === 'starting') return 'DEPLOYING';
  return kind === 'runner' ? 'TASK_IN_PROGRESS' : 'UP';
}
