import { findVariant } from '../applications/application.ts';
import type { Artifact } from '../builds/build.ts';
import { findArtifact } from '../builds/artifact-store.ts';
import { SECOND } from '../lib/duration.ts';
import { newId } from '../lib/ids.ts';
import { holdClaim, askForLook } from '../reconcile/looks.ts';
import { parseRunOptions } from '../runs/run-options.ts';
import { startRun } from '../runs/start-run.ts';
import { transition } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { wantGone } from '../workloads/want-gone.ts';
import { chooseEngine } from '../workloads/choose-engine.ts';
import type { Application } from '../applications/application.ts';
import { deploymentMachine } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import type { DeploymentDeps, Look } from './look.ts';
import { selectLive } from './deployment-store.ts';
import { environmentHash } from '../applications/environments.ts';
import { requestPending } from './queue-deployment.ts';
import type { WaitReason } from '../lib/reason.ts';

/** How long instances that are replaced may take to finish what they do. */
const GRACE_SECONDS = 30;

/** Creates what the deployment keeps running; in its own transaction where the former had to go first. */
export async function start(deps: DeploymentDeps, look: Look): Promise<undefined> {
  const { deployment, application } = look.situation;
  const artifact = await findArtifact(deps.database.read, deployment.artifactId ?? '');
  if (artifact === undefined) throw new Error(`deployment ${deployment.id} has no artifact`);
  await deps.database.transaction(async (tx) => {
    await holdClaim(tx, look.claim);
    await startWorkload(tx, deps, { deployment, application, artifact, at: deps.clock() });
  });
}

/** The workload of a Webapp, or a run with its first attempt. */
export async function startWorkload(
  tx: Tx,
  { environments, engines, pool }: Pick<DeploymentDeps, 'environments' | 'engines' | 'pool'>,
  order: { deployment: Deployment; application: Application; artifact: Artifact; at: number },
): Promise<void> {
  const { deployment, application, artifact, at } = order;
  const environment = environments.open(deployment);
  const engine = chooseEngine(engines, {
    runtime: findVariant(application.variant)?.runtime,
    environment,
  });
  if (typeof engine !== 'string') throw new Error(engine.detail);
  const common = {
    engine,
    ownerId: application.ownerId,
    applicationId: application.id,
    flavor: application.flavor,
    nodes: application.nodes,
    at,
  };
  if (application.kind === 'runner') {
    const own = parseRunOptions(environment);
    if ('reason' in own) throw new Error(own.detail);
    await startRun(tx, pool, {
      ...common,
      ...own,
      id: newId('run'),
      deploymentId: deployment.id,
      commitId: deployment.commitId,
      artifactId: artifact.id,
      command: artifact.start.command.name,
      environmentHash: environmentHash(environment),
      origin: 'deployment',
      authorId: deployment.authorId,
      argv: null,
      environment: null,
      changed: null,
      rerunOf: null,
    });
    return;
  }
  await createWorkload(tx, pool, {
    ...common,
    subjectKind: 'deployment',
    subjectId: deployment.id,
    graceSeconds: GRACE_SECONDS,
    estimate: null,
  });
}

/** Ends the version that serves before this one starts. */
export async function endFormer(
  deps: DeploymentDeps,
  { claim, situation: { deployment, former } }: Look,
  reason: 'by_option' | 'no_room_for_both',
): Promise<undefined> {
  const ending = former.filter(({ wanted }) => wanted === 'up');
  if (ending.length === 0) return;
  const detail =
    reason === 'by_option'
      ? 'Zero-downtime is off: the version that serves is stopped first.'
      : 'There is no room for the old and the new version side by side: the old one is stopped first.';
  await deps.say(deployment, detail);
  await deps.database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const at = deps.clock();
    for (const { id } of ending) await wantGone(tx, { workloadId: id }, at);
    const live = await selectLive(tx, deployment.applicationId);
    if (live !== undefined)
      await transition(tx, deploymentMachine, live, { event: 'superseded', at });
    const why = { reason: 'restarting_with_downtime', detail } as const;
    await transition(tx, deploymentMachine, deployment, { event: 'delayed', facts: why, at });
    await askForLook(tx, 'routes', 'all', at);
  });
}

/** Tells the user why it waits. */
export async function sayWaiting(
  deps: DeploymentDeps,
  { claim, situation: { deployment } }: Look,
  { reason, detail }: { reason: WaitReason; detail: string },
): Promise<undefined> {
  await deps.say(deployment, detail);
  await deps.database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const delayed = { event: 'delayed', facts: { reason, detail }, at: deps.clock() } as const;
    await transition(tx, deploymentMachine, deployment, delayed);
  });
}

/** What it waited for has come. */
export async function goOn(
  { database, clock }: DeploymentDeps,
  { claim, situation: { deployment } }: Look,
): Promise<undefined> {
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    await transition(tx, deploymentMachine, deployment, { event: 'resumed', at: clock() });
  });
}

/** The new version serves from now on; the routes are swapped next, and the former drained. */
export async function goLive(
  deps: DeploymentDeps,
  { claim, situation: { deployment } }: Look,
): Promise<undefined> {
  const took = deps.clock() - (deployment.startedAt ?? deployment.createdAt);
  await deps.say(deployment, `successfully deployed in ${spell(took)}`);
  await deps.database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const at = deps.clock();
    const former = await selectLive(tx, deployment.applicationId);
    if (former !== undefined)
      await transition(tx, deploymentMachine, former, { event: 'superseded', at });
    if (!(await transition(tx, deploymentMachine, deployment, { event: 'live', at }))) return;
    await requestPending(tx, deployment.applicationId, at);
  });
}

/** All nodes of the run compute. */
export async function noteRunning(
  { database, clock }: DeploymentDeps,
  { claim, situation: { deployment } }: Look,
): Promise<undefined> {
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    await transition(tx, deploymentMachine, deployment, { event: 'run_started', at: clock() });
  });
}

/** `2 minutes and 5 seconds`, `0.8 seconds`. */
export function spell(milliseconds: number): string {
  const seconds = milliseconds / SECOND;
  if (seconds < 10) return `${seconds.toFixed(1)} seconds`;
  const minutes = Math.floor(seconds / 60);
  const rest = `${Math.round(seconds - minutes * 60)} seconds`;
  return minutes === 0 ? rest : `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} and ${rest}`;
}
