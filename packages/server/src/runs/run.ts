import type { ApplicationId, DeploymentId, OwnerId, RunId, UserId } from '../lib/ids.ts';
import type { WorkloadId } from '../lib/ids.ts';
import type { Priority, RunStatus } from '../store/schema.ts';

/** One execution of a Runner's artifact. What it is made from never changes; what came of it does. */
export type Run = {
  id: RunId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  /** What built its artifact; with the origin `deployment`, what it ends with. */
  deploymentId: DeploymentId;
  commitId: string;
  artifactId: string;
  command: string;
  environmentHash: string;
  flavor: string;
  nodes: number;
  /** `deployment`: one at a time, by a push or a restart. `request`: beside those, as many as are asked for. */
  origin: 'deployment' | 'request';
  authorId: UserId | null;
  /** The command where it is not the artifact's own. */
  argv: readonly string[] | null;
  /** Its own variables, encrypted; null where they are its deployment's. */
  environment: string | null;
  /** Names of the variables that were given for it alone. */
  changed: readonly string[] | null;
  priority: Priority;
  /** How long an attempt may take, in ms. */
  maxDuration: number | null;
  /** How often it is tried again where its own program failed; null: only what the platform is to blame for is. */
  retries: number | null;
  rerunOf: RunId | null;
  wanted: 'proceed' | 'cancel';
  status: RunStatus;
  reason: string | null;
  detail: string | null;
  exitCode: number | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
};

type Observed =
  | 'wanted'
  | 'status'
  | 'reason'
  | 'detail'
  | 'exitCode'
  | 'createdAt'
  | 'startedAt'
  | 'finishedAt';

/** A run that is to be. */
export type NewRun = Omit<Run, Observed | 'id'> & { id?: RunId; at: number };

/** One try of a run. */
export type Attempt = {
  runId: RunId;
  number: number;
  workloadId: WorkloadId;
  status: RunStatus;
  reason: string | null;
  detail: string | null;
  exitCode: number | null;
  /** Why the platform ends it, once it does. */
  ending: string | null;
  /** When the next one may be queued. */
  startAfter: number | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
};

export type RunEvent = 'started' | 'succeeded' | 'failed' | 'cancelled' | 'retried';

/**
 * The lifecycle of a run, and of each of its attempts, which are never retried themselves. A status with nothing
 * in its row is final.
 */
export const runLifecycle: Record<RunStatus, Partial<Record<RunEvent, RunStatus>>> = {
  waiting: {
    started: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    cancelled: 'cancelled',
    retried: 'waiting',
  },
  running: {
    succeeded: 'succeeded',
    failed: 'failed',
    cancelled: 'cancelled',
    retried: 'waiting',
  },
  succeeded: {},
  failed: {},
  cancelled: {},
};

export const isOver = (status: RunStatus): boolean =>
  Object.keys(runLifecycle[status]).length === 0;

/** How an attempt failed. */
export type RunFailure = {
  status: 'failed';
  reason: string;
  detail: string;
  exitCode: number | null;
};

/** How an attempt, and with it its run, ended. */
export type RunOutcome =
  | { status: 'succeeded'; exitCode: 0 }
  | RunFailure
  | { status: 'cancelled' };
