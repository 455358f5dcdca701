import type { ArtifactStart, Builder } from '../builds/build.ts';
import { findArtifact } from '../builds/find-artifact.ts';
import {
  deviceVariables,
  homeOf,
  instanceVariables,
  onHost,
  withoutHost,
} from '../builds/platform-variables.ts';
import { ifNeverJudged, runHooks } from '../builds/run-hooks.ts';
import type { Command, InstanceSpec } from '../workloads/engine.ts';
import { servedPort } from '../builds/served-port.ts';
import type { DataPaths } from '../paths.ts';
import { findRunById } from '../runs/find-run.ts';
import type { Run } from '../runs/run.ts';
import type { GrantedDevice } from '../devices/device.ts';
import { grantedTo } from '../devices/devices.ts';
import type { Database } from '../store/database.ts';
import { workloadInstances } from '../workloads/list-workloads.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import { buildInput, stepOutcome } from './build-deployment.ts';
import { describeNode } from './describe-node.ts';
import { findDeploying } from '../applications/find-application.ts';
import type { Deployable } from '../applications/find-application.ts';
import type { Deployment } from './deployment.ts';
import { findDeploymentById } from './deployment-store.ts';
import type { Environments } from '../applications/environments.ts';

type Deps = { database: Database; paths: DataPaths; builder: Builder; environments: Environments };

const DISK_MIB = 10 * 1024;
/** What a build installs lies there twice: in the cache, too. */
const BUILD_DISK_MIB = 4 * DISK_MIB;
const LOG_BUDGET_MIB = 1024;

type Subject = {
  /** Whose node it is, where it is one of a run's. */
  run: Run | undefined;
  /** The devices that it holds. */
  devices: readonly GrantedDevice[];
  workload: Workload;
  instance: Instance;
  deployment: Deployment;
  application: Deployable;
};

/** What the engine is told of an instance: the same each time it is asked. */
export const describeInstance =
  (deps: Deps) =>
  async (workload: Workload, instance: Instance, signal: AbortSignal): Promise<InstanceSpec> => {
    const deployment = await findDeploymentById(deps.database.read, workload.deploymentId);
    const application = await findDeploying(deps.database.read, workload.applicationId);
    if (deployment === undefined || application === undefined)
      throw new Error(`workload ${workload.id} belongs to nothing`);
    const db = deps.database.read;
    const run = workload.runId === null ? undefined : await findRunById(db, workload.runId);
    const devices = await grantedTo(db, workload.id, instance.number);
    const subject = { run, devices, workload, instance, deployment, application };
    return workload.kind === 'build'
      ? describeStep(deps, subject, signal)
      : describeProduction(deps, subject);
  };

/** What all instances have in common. */
const common = ({ paths }: Deps, { workload, instance, devices, application }: Subject) => ({
  instanceId: instance.id,
  workloadId: workload.id,
  ownerId: workload.ownerId,
  applicationId: workload.applicationId,
  number: instance.number,
  attempt: instance.attempt,
  limits: {
    cpus: workload.cpus,
    memoryMiB: workload.memoryMiB,
    diskMiB: workload.kind === 'build' ? BUILD_DISK_MIB : DISK_MIB,
  },
  devices,
  sandbox: application.sandbox,
  logDirectory: paths.logs(workload.applicationId, instance.id),
  logBudgetMiB: LOG_BUDGET_MIB,
});

async function describeStep(
  deps: Deps,
  subject: Subject,
  signal: AbortSignal,
): Promise<InstanceSpec> {
  const { workload, instance, deployment } = subject;
  const steps = await workloadInstances(deps.database.read, workload.id);
  const earlier = steps.filter(({ number }) => number < instance.number);
  const input = buildInput(subject, deps.environments.open(deployment));
  const progress = await deps.builder.advance(input, earlier.map(stepOutcome), signal);
  if (progress.next !== 'run' || progress.step.number !== instance.number)
    throw new Error(`build ${deployment.id} has no step ${instance.number} to run`);
  const { before, command, files, workingDirectory, environment, masked } = progress.step;
  return {
    ...common(deps, subject),
    command,
    files,
    workingDirectory,
    masked,
    before,
    after: {},
    port: undefined,
    environment: {
      ...environment,
      INSTANCE_ID: instance.id,
      CC_INSTANCE_ID: instance.id,
      INSTANCE_NUMBER: '0',
      CG_MEMORY_MIB: String(workload.memoryMiB),
      CC_PRETTY_INSTANCE_NAME: instance.name,
      ...deviceVariables(subject.devices),
    },
  };
}

/**
 * Its success is not its end: whoever proves its health runs that hook, inside it. What runs beside a container
 * could not tell how far it came.
 */
const ofWebapp = ({ failed }: { failed?: Command }): { failed?: Command } =>
  failed === undefined ? {} : { failed: ifNeverJudged(failed) };

/** Around a container's own command they run on the host, where its variables lead nowhere. */
function hooksOf(
  { command, prepare = [], environment }: ArtifactStart,
  user: Readonly<Record<string, string>>,
): Pick<InstanceSpec, 'before' | 'after'> {
  const { before, after } = runHooks(user);
  const all = [...prepare, ...before];
  if (!('image' in command)) return { before: all, after };
  const there = (one: Command): Command => onHost(one, environment);
  return {
    before: all.map(there),
    after: {
      ...(after.succeeded && { succeeded: there(after.succeeded) }),
      ...(after.failed && { failed: there(after.failed) }),
    },
  };
}

/** A run may have a command of its own, in place of the artifact's. */
function withCommand(start: ArtifactStart, run: Run | undefined): ArtifactStart {
  const argv = run === undefined || run.argv === null ? undefined : parseArgv(run.argv);
  if (argv === undefined || run === undefined) return start;
  const { command } = start;
  return {
    ...start,
    command: 'image' in command ? { ...command, argv } : { name: run.command, argv },
  };
}

function parseArgv(json: string): [string, ...string[]] | undefined {
  const [program, ...rest] = JSON.parse(json) as string[];
  return program === undefined ? undefined : [program, ...rest];
}

async function describeProduction(deps: Deps, subject: Subject): Promise<InstanceSpec> {
  const { run, devices, workload, instance, deployment, application } = subject;
  const artifactId = run?.artifactId ?? deployment.artifactId ?? '';
  const artifact = await findArtifact(deps.database.read, artifactId);
  if (artifact === undefined) throw new Error(`deployment ${deployment.id} has no artifact`);
  const { environmentKey } = artifact;
  const start = withCommand(artifact.start, run);
  const user = deps.environments.open(
    run !== undefined && run.environment !== null ? run : deployment,
  );
  const home = homeOf(application.id);
  const port = application.kind === 'webapp' ? servedPort(start, user) : undefined;
  const variables = instanceVariables({
    user,
    start: start.environment,
    application,
    deployment,
    instance,
    port,
    memoryMiB: workload.memoryMiB,
    devices,
  });
  const isImage = 'image' in start.command;
  const { before, after } = hooksOf(start, user);
  const node =
    run === undefined ? undefined : await describeNode(deps, { run, workload, instance });
  const seen = isImage ? withoutHost(variables, start.environment, user) : variables;
  return {
    ...common(deps, subject),
    ...node?.spec,
    workingDirectory: start.folder === '' ? home : `${home}/${start.folder}`,
    environment: { ...seen, ...node?.environment },
    before: [...before, ...(node?.before ?? [])],
    command: start.command,
    after: application.kind === 'runner' ? after : isImage ? {} : ofWebapp(after),
    port,
    masked: [],
    files: {
      application: {
        source: deps.paths.artifact(artifact.id),
        mountedAt: home,
        access: 'throw-away',
      },
      environment:
        environmentKey === undefined
          ? undefined
          : { source: deps.paths.environment(environmentKey), access: 'read-only' },
      cache: undefined,
      readOnly: start.readOnly,
      shared: node?.shared,
    },
  };
}
