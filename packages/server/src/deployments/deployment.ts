import type { ApplicationId, DeploymentId, OwnerId, UserId } from '../lib/ids.ts';
import type { DeploymentStatus } from '../store/schema.ts';

/** One commit being brought live, as it stands. */
export type Deployment = {
  id: DeploymentId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  /** Counts within the application. */
  number: number;
  commitId: string;
  action: 'DEPLOY' | 'UNDEPLOY';
  cause: string;
  authorId: UserId | null;
  useCache: boolean;
  wanted: 'proceed' | 'cancel';
  status: DeploymentStatus;
  reason: string | null;
  detail: string | null;
  /** The user's variables when it began, encrypted. */
  environment: string | null;
  artifactId: string | null;
  createdAt: number;
  startedAt: number | null;
  builtAt: number | null;
  finishedAt: number | null;
};

/** What happens to a deployment. */
export type DeploymentEvent =
  | 'build_started'
  | 'built'
  | 'run_started'
  | 'became_live'
  | 'run_succeeded'
  | 'superseded'
  | 'stopped'
  | 'failed'
  | 'cancelled';

type Lifecycle = Record<DeploymentStatus, Partial<Record<DeploymentEvent, DeploymentStatus>>>;

/** The whole lifecycle; `docs/states.md` is drawn from it. A status with nothing in its row is final. */
export const deploymentLifecycle: Lifecycle = {
  queued: { build_started: 'building', failed: 'failed', cancelled: 'cancelled' },
  building: { built: 'starting', failed: 'failed', cancelled: 'cancelled' },
  starting: {
    became_live: 'live',
    run_started: 'running',
    run_succeeded: 'completed',
    failed: 'failed',
    cancelled: 'cancelled',
  },
  running: { run_succeeded: 'completed', failed: 'failed', cancelled: 'cancelled' },
  live: { superseded: 'superseded', stopped: 'superseded' },
  completed: {},
  superseded: {},
  failed: {},
  cancelled: {},
};

/** The status after `event`, or undefined where the event comes too late to matter. */
export const advance = (
  status: DeploymentStatus,
  event: DeploymentEvent,
): DeploymentStatus | undefined => deploymentLifecycle[status][event];

/** Those that keep the application's other deployments waiting. */
export const activeStatuses = ['building', 'starting', 'running'] as const;

/** Those that are not over: queued, or keeping others waiting. */
export const pendingStatuses = ['queued', ...activeStatuses] as const;

/** Over, one way or another; `live` is not: it serves until something takes its place. */
export const isFinal = (status: DeploymentStatus): boolean =>
  Object.keys(deploymentLifecycle[status]).length === 0;

/** Whether the deployment has reached what it was for, or failed to. */
export const isSettled = (status: DeploymentStatus): boolean =>
  status === 'live' || isFinal(status);
