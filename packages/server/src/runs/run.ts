import type { ApplicationId, DeploymentId, OwnerId, RunId } from '../lib/ids.ts';
import type { RunStatus } from '../store/schema.ts';

/** One execution of a Runner's artifact. */
export type Run = {
  id: RunId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  deploymentId: DeploymentId;
  commitId: string;
  artifactId: string;
  command: string;
  environmentHash: string;
  flavor: string;
  nodes: number;
  wanted: 'proceed' | 'cancel';
  status: RunStatus;
  reason: string | null;
  detail: string | null;
  exitCode: number | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
};

export type RunEvent = 'started' | 'succeeded' | 'failed' | 'cancelled';

/** The lifecycle of a run, and of each of its attempts. A status with nothing in its row is final. */
export const runLifecycle: Record<RunStatus, Partial<Record<RunEvent, RunStatus>>> = {
  waiting: {
    started: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    cancelled: 'cancelled',
  },
  running: { succeeded: 'succeeded', failed: 'failed', cancelled: 'cancelled' },
  succeeded: {},
  failed: {},
  cancelled: {},
};

/** How an attempt, and with it its run, ended. */
export type RunOutcome =
  | { status: 'succeeded'; exitCode: 0 }
  | { status: 'failed'; reason: string; detail: string; exitCode: number | null }
  | { status: 'cancelled' };
