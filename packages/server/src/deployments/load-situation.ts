import type { DeploymentId } from '../lib/ids.ts';
import { findRunOf } from '../runs/find-run.ts';
import type { Pool } from '../scheduling/admission.ts';
import type { Database } from '../store/database.ts';
import { memoryInUse, presentWorkloads, workloadInstances } from '../workloads/list-workloads.ts';
import type { Workload } from '../workloads/workload.ts';
import { findDeploying } from './deployable-store.ts';
import { isFinal } from './deployment.ts';
import { findDeploymentById, findPredecessor } from './deployment-store.ts';
import type { Situation } from './plan-deployment.ts';

type Deps = { database: Database; pool: Pool };

/** Everything that decides about a deployment, or undefined where it is over or not there. */
export async function loadSituation(
  { database, pool }: Deps,
  id: DeploymentId,
): Promise<Situation | undefined> {
  const db = database.read;
  const deployment = await findDeploymentById(db, id);
  if (deployment === undefined || isFinal(deployment.status)) return undefined;
  const application = await findDeploying(db, deployment.applicationId);
  if (application === undefined) return undefined;
  const present = await presentWorkloads(db, deployment.applicationId);
  const workload = present.find((one) => one.deploymentId === id && one.kind !== 'build');
  const others = present.filter((one) => one.deploymentId !== id);
  const former =
    application.kind === 'runner'
      ? await stillComputing(db, others)
      : others.filter(({ kind }) => kind === 'webapp');
  return {
    deployment,
    application,
    predecessor: deployment.status === 'queued' ? await findPredecessor(db, deployment) : undefined,
    build: present.find((one) => one.deploymentId === id && one.kind === 'build'),
    workload,
    instances: workload === undefined ? [] : await workloadInstances(db, workload.id),
    run: application.kind === 'runner' ? await findRunOf(db, id) : undefined,
    former,
    fitsWithoutFormer:
      workload?.state === 'waiting' &&
      memoryOf(workload) <= pool.memoryMiB - (await memoryInUse(db)) + sum(former.map(memoryOf)),
  };
}

/** Runs that were ended take their time for it. */
async function stillComputing(
  db: Database['read'],
  workloads: readonly Workload[],
): Promise<Workload[]> {
  const found = workloads.map(async (one) => {
    const instances = one.kind === 'run' ? await workloadInstances(db, one.id) : [];
    return instances.some(({ status }) => status !== 'exited') ? one : [];
  });
  return (await Promise.all(found)).flat();
}

const memoryOf = ({ memoryMiB, nodes }: Workload): number => memoryMiB * nodes;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
