import type { Runtime } from '../builds/runtime.ts';
import { findVariant } from '../applications/application.ts';
import { STEP_WITHIN } from '../builds/build.ts';
import type {
  Artifact,
  BuildInput,
  BuildProgress,
  BuildStep,
  StepOutcome,
} from '../builds/build.ts';
import { recordArtifact } from '../builds/record-artifact.ts';
import type { EngineName } from '../workloads/engine.ts';
import { MINUTE } from '../lib/duration.ts';
import { Refusal } from '../lib/refusal.ts';
import { holdClaim, askForLook } from '../reconcile/looks.ts';
import { parseRunOptions } from '../runs/run-options.ts';
import { chooseBuildFlavor } from '../scheduling/flavor.ts';
import { listFlavors } from '../scheduling/flavor-store.ts';
import { HISTORY, estimateBy } from '../scheduling/estimate.ts';
import { largestHost } from '../scheduling/pool.ts';
import type { Pool } from '../scheduling/pool.ts';
import { transition } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import { addInstance } from '../workloads/add-instances.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { findWorkload, listPastDurations, subjectWorkloads } from '../workloads/workload-store.ts';
import { subjectInstances } from '../workloads/instance-store.ts';
import { wantGone } from '../workloads/want-gone.ts';
import { describeExit, succeeded } from '../workloads/workload.ts';
import type { SubjectRef } from '../workloads/subject.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import { chooseEngine } from '../workloads/choose-engine.ts';
import { requireVariables } from '../applications/environments.ts';
import type { Application } from '../applications/application.ts';
import { deploymentMachine } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import type { DeploymentDeps, Look } from './look.ts';
import { goesBeside } from './plan-deployment.ts';
import type { Situation } from './plan-deployment.ts';
import { endDeployment } from './end-deployment.ts';
import { spell, startWorkload } from './start-deployment.ts';
import { Unwanted, watchUnwanted } from './watch-unwanted.ts';

/** The deployment's turn has come: it takes the variables as they are now, and builds. */
export async function beginBuild(deps: DeploymentDeps, look: Look): Promise<undefined> {
  const { claim, situation } = look;
  const { deployment } = situation;
  const variables = await deps.environments.current(deployment.applicationId);
  const refusal = await findRefusal(deps, deployment, variables);
  if (refusal !== undefined) {
    const failure = { reason: 'invalid_variable', detail: refusal.message } as const;
    return endDeployment(deps, look, { event: 'failed', ...failure });
  }
  const environment = deps.environments.seal(deployment.id, variables);
  await deps.say(deployment, `Deploying commit ${deployment.commitId} (${deployment.id})`);
  await deps.database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const at = deps.clock();
    const begun = { event: 'build_started', facts: { environment }, at } as const;
    await transition(tx, deploymentMachine, deployment, begun);
  });
  return undefined;
}

/** Whether it would see more variables than an application may have: those of others are among them. */
async function findRefusal(
  { database }: DeploymentDeps,
  { ownerId }: Situation['deployment'],
  variables: BuildInput['environment'],
): Promise<Refusal | undefined> {
  try {
    await requireVariables(database.read, ownerId, variables);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Looks at the steps that are over and asks for the next, or takes the artifact. */
export async function advanceDeploymentBuild(
  deps: DeploymentDeps,
  look: Look,
): Promise<number | undefined> {
  const { deployment } = look.situation;
  const steps = await subjectInstances(deps.database.read, buildOf(deployment));
  const underWay = steps.find(({ status }) => status !== 'exited');
  if (underWay !== undefined) return waitForStep(deps, look, underWay);

  const input = buildInput(look.situation, deps.environments.open(deployment));
  const engine = chooseEngine(deps.engines, input);
  if (typeof engine !== 'string') return endDeployment(deps, look, { event: 'failed', ...engine });
  const options = parseRunOptions(input.environment);
  if ('reason' in options) return endDeployment(deps, look, { event: 'failed', ...options });
  const progress = await advanceBuild(deps, look, { input, done: steps.map(stepOutcome) });
  switch (progress?.next) {
    case undefined:
      return undefined;
    case 'run':
      return addStep(deps, look, { ...progress.step, engine });
    case 'done':
      return takeArtifact(deps, look, progress.artifact);
    case 'failed':
      return endDeployment(deps, look, { event: 'failed', ...progress });
    default:
      return progress satisfies never;
  }
}

/** Where the build stands, or undefined where it was left because nobody wants it any more. */
async function advanceBuild(
  { database, builder }: DeploymentDeps,
  { signal, situation }: Look,
  { input, done }: { input: BuildInput; done: readonly StepOutcome[] },
): Promise<BuildProgress | undefined> {
  const unwanted = watchUnwanted(database, situation.deployment.id);
  try {
    return await builder.advance(input, done, AbortSignal.any([signal, unwanted.signal]));
  } catch (error) {
    if (error instanceof Unwanted) return undefined;
    throw error;
  } finally {
    unwanted.stop();
  }
}

function runtimeOf(variant: string): Runtime {
  const runtime = findVariant(variant)?.runtime;
  if (runtime === undefined) throw new Error(`nothing builds applications of type ${variant}`);
  return runtime;
}

/** What the build is told; the same for every look at it. */
export const buildInput = (
  { deployment, application }: Pick<Situation, 'deployment' | 'application'>,
  environment: BuildInput['environment'],
): BuildInput => ({
  deploymentId: deployment.id,
  applicationId: application.id,
  applicationName: application.name,
  ownerId: application.ownerId,
  commitId: deployment.commitId,
  kind: application.kind,
  runtime: runtimeOf(application.variant),
  environment,
  useCache: deployment.useCache,
});

const stepOutcome = (instance: Instance): StepOutcome => ({
  number: instance.number,
  succeeded: succeeded(instance),
  reason: instance.reason,
  detail: describeExit(instance),
  exitCode: instance.exitCode,
});

async function waitForStep(
  deps: DeploymentDeps,
  look: Look,
  step: Instance,
): Promise<number | undefined> {
  if (step.startedAt === null) return undefined;
  const deadline = step.startedAt + STEP_WITHIN;
  if (deps.clock() < deadline) return deadline;
  const detail = `A build step took longer than ${spell(STEP_WITHIN)} and was ended.`;
  return endDeployment(deps, look, { event: 'failed', reason: 'build_timeout', detail });
}

/** The step is an instance of the build's workload, which is made with the first. */
async function addStep(
  { database, clock, pool }: DeploymentDeps,
  { claim, situation: { deployment, application } }: Look,
  { number, engine }: BuildStep & { engine: EngineName },
): Promise<undefined> {
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const at = clock();
    const [known] = await subjectWorkloads(tx, buildOf(deployment));
    const workload =
      known ?? (await createBuild(tx, pool, { deployment, application, engine, at }));
    await addInstance(tx, workload, { number, attempt: 1, startAfter: null, at });
    await askForLook(tx, 'workload', workload.id, at);
  });
}

const buildOf = ({ id }: Pick<Deployment, 'id'>) =>
  ({ subjectKind: 'build', subjectId: id }) as const satisfies SubjectRef;

/** What a build of a size that the user chose uses is paid for; another costs nothing. */
async function createBuild(
  tx: Tx,
  pool: Pool,
  {
    deployment,
    application,
    engine,
    at,
  }: { deployment: Deployment; application: Application; engine: EngineName; at: number },
): Promise<Workload> {
  const { id: applicationId, ownerId, buildFlavor } = application;
  const usual = chooseBuildFlavor(await listFlavors(tx), { memoryMiB: largestHost(pool) });
  const flavor = buildFlavor ?? usual.name;
  const pastOf = (size: string | undefined) =>
    listPastDurations(tx, { applicationId, subjectKind: 'build', flavor: size }, HISTORY);
  const id = await createWorkload(tx, pool, {
    ...buildOf(deployment),
    ownerId,
    applicationId,
    engine,
    flavor,
    nodes: 1,
    graceSeconds: 5,
    estimate: await estimateBy(pastOf, flavor, { unknown: FIRST_BUILD }),
    metered: buildFlavor !== null,
    at,
  });
  const made = await findWorkload(tx, id);
  if (made === undefined) throw new Error(`workload ${id} was not made`);
  return made;
}

/** Of builds that never were: most are done by then. */
const FIRST_BUILD = 10 * MINUTE;

/** The build is over: its artifact is recorded, and what it is for is asked for. */
async function takeArtifact(
  deps: DeploymentDeps,
  { claim, situation }: Look,
  artifact: Artifact,
): Promise<undefined> {
  const { deployment, application, former } = situation;
  const took = deps.clock() - (deployment.startedAt ?? deployment.createdAt);
  await deps.say(deployment, `build succeeded in ${spell(took)}`);
  await deps.database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    const at = deps.clock();
    await recordArtifact(tx, { ...artifact, ...buildSubject(situation), at });
    const built = { event: 'built', facts: { artifactId: artifact.id }, at } as const;
    if (!(await transition(tx, deploymentMachine, deployment, built))) return;
    await wantGone(tx, buildOf(deployment), at);
    if (former.length > 0 && !goesBeside(application)) return;
    await startWorkload(tx, deps, { deployment, application, artifact, at });
  });
  await deps.builder.discard(deployment.id);
}

const buildSubject = ({ deployment, application }: Situation) => ({
  ownerId: application.ownerId,
  applicationId: application.id,
  commitId: deployment.commitId,
});
