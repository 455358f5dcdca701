import type { Clock } from '../lib/clock.ts';
import type { DeploymentId } from '../lib/ids.ts';
import { findRunOf, listRequested } from '../runs/run-store.ts';
import { give, copyCapacity } from '../scheduling/capacity.ts';
import { limitWithout } from '../scheduling/owner-share.ts';
import { everFits } from '../scheduling/never-fits.ts';
import type { Database } from '../store/database.ts';
import type { SubjectId, SubjectKind } from '../store/schema.ts';
import { presentWorkloads } from '../workloads/workload-store.ts';
import { workloadInstances } from '../workloads/instance-store.ts';
import { demandIn, loadQueue } from '../workloads/load-queue.ts';
import type { QueueDeps } from '../workloads/load-queue.ts';
import type { Workload } from '../workloads/workload.ts';
import { findDeploying } from '../applications/application-store.ts';
import { isFinal } from './deployment.ts';
import { findDeploymentById, findPredecessor } from './deployment-store.ts';
import type { Situation } from './plan-deployment.ts';

type Deps = QueueDeps & { database: Database; clock: Clock };

/** Everything that decides about a deployment, or undefined where it is over or not there. */
export async function loadSituation(deps: Deps, id: DeploymentId): Promise<Situation | undefined> {
  const db = deps.database.read;
  const deployment = await findDeploymentById(db, id);
  if (deployment === undefined || isFinal(deployment.status)) return undefined;
  const application = await findDeploying(db, deployment.applicationId);
  if (application === undefined) return undefined;
  const run = application.kind === 'runner' ? await findRunOf(db, id) : undefined;
  const beside = new Set<SubjectId>((await listRequested(db, application.id)).map((one) => one.id));
  const present = await presentWorkloads(db, application.id);
  const ofKind = (kind: SubjectKind) => present.filter(({ subjectKind }) => subjectKind === kind);
  const kind = application.kind === 'runner' ? 'run' : 'deployment';
  const own = application.kind === 'runner' ? run?.id : id;
  const workload = ofKind(kind).find(({ subjectId }) => subjectId === own);
  const others = ofKind(kind).filter((one) => one.subjectId !== own && !beside.has(one.subjectId));
  const former = application.kind === 'runner' ? await stillComputing(db, others) : others;
  return {
    deployment,
    application,
    predecessor: deployment.status === 'queued' ? await findPredecessor(db, deployment) : undefined,
    build: ofKind('build').find(({ subjectId }) => subjectId === id),
    workload,
    instances: workload === undefined ? [] : await workloadInstances(db, workload.id),
    run,
    former,
    fitsWithoutFormer: workload?.state === 'waiting' && (await wouldFit(deps, workload, former)),
  };
}

/** Runs that were ended take their time for it. */
async function stillComputing(
  db: Database['read'],
  workloads: readonly Workload[],
): Promise<Workload[]> {
  const found = workloads.map(async (one) => {
    const instances = await workloadInstances(db, one.id);
    return instances.some(({ status }) => status !== 'exited') ? one : [];
  });
  return (await Promise.all(found)).flat();
}

/** Whether the workload would fit, and its owner might hold it, if those others were gone. */
async function wouldFit(
  deps: Deps,
  workload: Workload,
  others: readonly Workload[],
): Promise<boolean> {
  const facts = await loadQueue(deps.database.read, deps, deps.clock());
  const capacity = copyCapacity(facts.free);
  const ids = new Set<string>(others.map(({ id }) => id));
  const given = facts.allocations.filter(({ id }) => id !== undefined && ids.has(id));
  for (const { demand, hosts } of given) give(capacity, demand, hosts);
  const wanted = demandIn(facts, workload);
  const share = facts.shares.get(workload.ownerId);
  const limit = limitWithout(
    share,
    wanted,
    given.map(({ demand }) => demand),
  );
  return limit === undefined && everFits(capacity, wanted);
}
