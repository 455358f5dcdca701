import type { EngineName } from '../engines/engine.ts';
import type { ApplicationId, DeploymentId, OwnerId, RunId, WorkloadId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { findFlavor } from '../scheduling/flavor.ts';
import type { Tx } from '../store/database.ts';
import type { Workload } from './workload.ts';
import { insertWorkload } from './workload-store.ts';

type Order = {
  ownerId: OwnerId;
  applicationId: ApplicationId;
  deploymentId: DeploymentId;
  runId: RunId | null;
  kind: Workload['kind'];
  engine: EngineName;
  flavor: string;
  nodes: number;
  graceSeconds: number;
  at: number;
};

/** A workload of the size that its flavor says, waiting for room. */
export function createWorkload(tx: Tx, order: Order): Promise<WorkloadId> {
  const flavor = findFlavor(order.flavor);
  if (flavor === undefined) throw new Refusal('invalid', `There is no flavor ${order.flavor}.`);
  return insertWorkload(tx, { ...order, memoryMiB: flavor.memoryMiB, cpus: flavor.cpus });
}
