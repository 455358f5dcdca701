import type { ApplicationId, OwnerId, WorkloadId } from '../lib/ids.ts';
import type { Estimate } from '../scheduling/estimate.ts';
import { useFlavor } from '../scheduling/use-flavors.ts';
import { queueAt, turnAt } from '../scheduling/order.ts';
import { demandOf } from '../scheduling/pool.ts';
import type { Pool } from '../scheduling/pool.ts';
import { begin } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import type { Priority } from '../store/schema.ts';
import type { EngineName } from './engine.ts';
import { rulesOf } from './subject.ts';
import type { SubjectRef } from './subject.ts';
import { workloadMachine } from './machines.ts';
import { insertWorkload } from './workload-store.ts';

type Order = SubjectRef & {
  ownerId: OwnerId;
  /** What it belongs to, where it belongs to one. */
  applicationId: ApplicationId | null;
  engine: EngineName;
  flavor: string;
  nodes: number;
  graceSeconds: number;
  /** How long it is expected to hold its room; null: until somebody ends it. */
  estimate: Estimate | null;
  at: number;
  priority?: Priority;
  maxDuration?: number | null;
  /** False: its time costs nothing. */
  metered?: boolean;
  /** When it came first, where it is tried again: it keeps its age. */
  cameAt?: number;
};

/** A workload of the size that its flavor says, waiting for room; the queue is looked at. */
export async function createWorkload(
  tx: Tx,
  pool: Pick<Pool, 'flavorDevices'>,
  { at, priority = 'normal', cameAt = at, metered = true, ...order }: Order,
): Promise<WorkloadId> {
  const flavor = await useFlavor(tx, order.flavor);
  const { queueClass } = rulesOf(order);
  const { maxDuration = null, estimate, ...made } = order;
  const id = await insertWorkload(tx, {
    ...made,
    flavor: flavor.name,
    at,
    estimate: estimate?.duration ?? null,
    estimateBasis: estimate?.basis ?? null,
    memoryMiB: flavor.memoryMiB,
    cpus: flavor.cpus,
    diskMiB: flavor.diskMiB,
    gpus: flavor.gpus,
    microEurosPerDay: flavor.microEurosPerDay,
    deviceClass: demandOf(flavor, order.nodes, pool).deviceClass ?? null,
    turnAt: turnAt(cameAt, queueClass),
    queueAt: queueAt(cameAt, { queueClass, priority }),
    metered,
    maxDuration,
  });
  const { ownerId, applicationId, subjectKind, subjectId } = order;
  const said = { reason: null, detail: null, engineAway: null };
  const row = { id, ownerId, applicationId, subjectKind, subjectId, ...said };
  await begin(tx, workloadMachine, [row], { event: 'queued', at });
  return id;
}
