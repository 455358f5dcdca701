import { defineMachine, isFinalIn } from '../states/machine.ts';
import type { DeploymentStatus, Row } from '../store/schema.ts';

/** One commit being brought live, as it stands. */
export type Deployment = Row<'deployments'>;

const end = { brings: ['reason', 'detail'], at: 'finishedAt', late: true } as const;

/** Everything that can become of a deployment. */
export const deploymentMachine = defineMachine({
  noun: 'deployment',
  table: 'deployments',
  column: 'status',
  key: ['id'],
  begins: { queued: 'queued', undeployed: 'completed' },
  states: {
    queued: {
      build_started: 'building',
      delayed: 'queued',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    building: {
      built: 'starting',
      delayed: 'building',
      resumed: 'building',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    starting: {
      live: 'live',
      run_started: 'running',
      delayed: 'starting',
      resumed: 'starting',
      completed: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    running: {
      delayed: 'running',
      resumed: 'running',
      completed: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    live: { superseded: 'superseded', stopped: 'superseded' },
    completed: {},
    superseded: {},
    failed: {},
    cancelled: {},
  },
  events: {
    build_started: { brings: ['environment'], at: 'startedAt' },
    built: { brings: ['artifactId'], at: 'builtAt' },
    run_started: {},
    delayed: { brings: ['reason', 'detail'] },
    resumed: {},
    live: { at: 'finishedAt' },
    completed: end,
    failed: end,
    cancelled: end,
    superseded: { late: true },
    stopped: { brings: ['reason'], late: true },
  },
  clears: ['reason', 'detail'],
  reads: ['id', 'ownerId', 'applicationId', 'commitId', 'action', 'cause', 'reason', 'detail'],
  describe: ({ id, commitId, action, cause, reason, detail }) => ({
    subjectId: id,
    data: { deploymentId: id, commitId, action, cause, reason, detail },
  }),
  looks: ({ id }, event) => {
    if (event === 'queued' || event === 'build_started' || event === 'built' || event === 'resumed')
      return [['deployment', id]];
    return event === 'live' || event === 'superseded' || event === 'stopped'
      ? [['routes', 'all']]
      : [];
  },
});

/** Those that keep the application's other deployments waiting. */
export const activeStatuses = ['building', 'starting', 'running'] as const;

/** Those that are not over: queued, or keeping others waiting. */
export const pendingStatuses = ['queued', ...activeStatuses] as const;

/** Over, one way or another; `live` is not: it serves until something takes its place. */
export const isFinal = (status: DeploymentStatus): boolean => isFinalIn(deploymentMachine, status);

/** Whether the deployment has reached what it was for, or failed to. */
export const isSettled = (status: DeploymentStatus): boolean =>
  status === 'live' || isFinal(status);
