import type { EngineName, Exit } from './engine.ts';
import type {
  ApplicationId,
  DeploymentId,
  InstanceId,
  OwnerId,
  RunId,
  WorkloadId,
} from '../lib/ids.ts';
import type { InstanceStatus } from '../store/schema.ts';

/** What the engine is asked to keep: the instances of one build, deployment or attempt of a run. */
export type Workload = {
  id: WorkloadId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  deploymentId: DeploymentId;
  runId: RunId | null;
  kind: 'build' | 'webapp' | 'run';
  engine: EngineName;
  flavor: string;
  memoryMiB: number;
  cpus: number;
  /** Of each node. */
  gpus: number;
  deviceClass: string | null;
  nodes: number;
  turnAt: number;
  queueAt: number;
  /** How long it is expected to hold its room, in ms; null: until somebody ends it. */
  estimate: number | null;
  maxDuration: number | null;
  promisedAt: number | null;
  expectedAt: number | null;
  /** JSON: the address of each node of a gang. */
  addresses: string | null;
  wanted: 'up' | 'gone';
  graceSeconds: number;
  state: 'waiting' | 'admitted' | 'gone';
  reason: string | null;
  detail: string | null;
  createdAt: number;
  admittedAt: number | null;
  drainingAt: number | null;
};

/** One of a workload's instances: a number and an attempt, never restarted, only replaced. */
export type Instance = {
  id: InstanceId;
  workloadId: WorkloadId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  deploymentId: DeploymentId;
  runId: RunId | null;
  number: number;
  attempt: number;
  name: string;
  engine: EngineName;
  flavor: string;
  wanted: 'running' | 'gone';
  status: InstanceStatus;
  endpointHost: string | null;
  endpointPort: number | null;
  exitCode: number | null;
  signal: string | null;
  reason: string | null;
  detail: string | null;
  startAfter: number | null;
  createdAt: number;
  startedAt: number | null;
  healthyAt: number | null;
  endedAt: number | null;
};

/** Whether an instance ended well: by itself, with exit code 0. */
export const succeeded = ({ status, reason, exitCode }: Instance): boolean =>
  status === 'exited' && reason === 'exited' && exitCode === 0;

/** Why an instance is over, as users read it: `exit code 3`, `signal SIGKILL`, `memory_limit: …`. */
export function describeExit({ reason, detail, exitCode, signal }: Instance): string {
  if (detail !== null) return detail;
  const how = signal === null ? `exit code ${exitCode ?? '?'}` : `signal ${signal}`;
  return reason === 'exited' || reason === null ? how : `${reason} (${how})`;
}

/** What an end's own words leave out: which step before the command it was that failed. */
export function sentenceOf({ reason, detail, exitCode, signal, step }: Exit): string | undefined {
  if (detail !== undefined || reason !== 'before_failed' || step === '') return detail;
  return `${step} failed (${signal === undefined ? `exit code ${exitCode ?? '?'}` : `signal ${signal}`})`;
}

/** The newest attempt of each number. */
export function latestAttempts(instances: readonly Instance[]): Map<number, Instance> {
  const latest = new Map<number, Instance>();
  for (const instance of instances) {
    const known = latest.get(instance.number);
    if (known === undefined || known.attempt < instance.attempt)
      latest.set(instance.number, instance);
  }
  return latest;
}

/** Whether every number of the workload ended well, or which instance did not. */
export function outcomeOf(
  { nodes }: Pick<Workload, 'nodes'>,
  instances: readonly Instance[],
): 'running' | 'succeeded' | { failed: Instance } {
  const failed = instances.find((one) => one.status === 'exited' && !succeeded(one));
  if (failed !== undefined) return { failed };
  return instances.filter(succeeded).length === nodes ? 'succeeded' : 'running';
}
