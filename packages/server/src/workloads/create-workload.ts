import type { EngineName } from './engine.ts';
import { MINUTE } from '../lib/duration.ts';
import type { ApplicationId, DeploymentId, OwnerId, RunId, WorkloadId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { HISTORY, estimateFrom } from '../scheduling/estimate.ts';
import { findFlavor } from '../scheduling/flavor.ts';
import { queueAt, turnAt } from '../scheduling/order.ts';
import { demandOf } from '../scheduling/pool.ts';
import type { Pool } from '../scheduling/pool.ts';
import { request } from '../reconcile/queue.ts';
import type { Tx } from '../store/database.ts';
import type { Priority } from '../store/schema.ts';
import { selectPastDurations } from './queue-store.ts';
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
  priority?: Priority;
  maxDuration?: number | null;
  /** When it came first, where it is tried again: it keeps its age. */
  cameAt?: number;
};

/** Of builds that never were: most are done by then. */
const FIRST_BUILD = 10 * MINUTE;

/** A workload of the size that its flavor says, waiting for room; the queue is looked at. */
export async function createWorkload(
  tx: Tx,
  pool: Pick<Pool, 'flavorDevices'>,
  order: Order,
): Promise<WorkloadId> {
  const flavor = findFlavor(order.flavor);
  if (flavor === undefined) throw new Refusal('invalid', `There is no flavor ${order.flavor}.`);
  const { kind, at, priority = 'normal', maxDuration = null, cameAt = at } = order;
  const id = await insertWorkload(tx, {
    ...order,
    memoryMiB: flavor.memoryMiB,
    cpus: flavor.cpus,
    gpus: flavor.gpus,
    deviceClass: demandOf(flavor, order.nodes, pool).deviceClass ?? null,
    turnAt: turnAt(cameAt, kind),
    queueAt: queueAt(cameAt, { kind, priority }),
    estimate: await estimateOf(tx, order, maxDuration ?? undefined),
    maxDuration,
  });
  await request(tx, 'queue', 'all', at);
  return id;
}

async function estimateOf(
  tx: Tx,
  { applicationId, kind, flavor }: Order,
  maxDuration: number | undefined,
): Promise<number | null> {
  if (kind === 'webapp') return null;
  const past = await selectPastDurations(tx, { applicationId, kind, flavor }, HISTORY);
  return estimateFrom(past, kind === 'build' ? FIRST_BUILD : maxDuration);
}
