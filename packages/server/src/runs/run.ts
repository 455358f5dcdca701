import type { EndReason } from '../lib/reason.ts';
import { defineMachine, isFinalIn } from '../states/machine.ts';
import type { NewRow, Row, RunStatus } from '../store/schema.ts';

/** One execution of a Runner's artifact. What it is made from never changes; what came of it does. */
export type Run = Row<'runs'>;

/** A run that is to be. */
export type NewRun = NewRow<
  'runs',
  'wanted' | 'status' | 'reason' | 'detail' | 'exitCode' | 'createdAt' | 'startedAt' | 'finishedAt'
> & { at: number };

/** One try of a run. */
export type Attempt = Row<'attempts'>;

const end = { brings: ['reason', 'detail', 'exitCode'], at: 'finishedAt', late: true } as const;
const attemptEnd = { ...end, brings: [...end.brings, 'startAfter'] } as const;

/** Everything that can become of a run. */
export const runMachine = defineMachine({
  noun: 'run',
  table: 'runs',
  column: 'status',
  key: ['id'],
  begins: { queued: 'waiting' },
  states: {
    waiting: {
      started: 'running',
      delayed: 'waiting',
      resumed: 'waiting',
      retried: 'waiting',
      succeeded: 'succeeded',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    running: {
      delayed: 'running',
      resumed: 'running',
      retried: 'waiting',
      succeeded: 'succeeded',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    succeeded: {},
    failed: {},
    cancelled: {},
  },
  events: {
    started: { at: 'startedAt' },
    delayed: { brings: ['reason', 'detail'] },
    resumed: {},
    retried: { brings: ['reason', 'detail'] },
    succeeded: end,
    failed: end,
    cancelled: end,
  },
  clears: ['reason', 'detail'],
  reads: [
    'id',
    'ownerId',
    'applicationId',
    'deploymentId',
    'commitId',
    'origin',
    'reason',
    'detail',
  ],
  describe: ({ id, deploymentId, commitId, origin, reason, detail }) => ({
    subjectId: id,
    data: { runId: id, deploymentId, commitId, origin, reason, detail },
  }),
  looks: ({ id, origin, deploymentId }, event) => {
    if (event === 'queued') return [];
    return origin === 'deployment'
      ? [
          ['run', id],
          ['deployment', deploymentId],
        ]
      : [['run', id]];
  },
});

/** Everything that can become of a try of a run. */
export const attemptMachine = defineMachine({
  noun: 'attempt',
  table: 'attempts',
  column: 'status',
  key: ['runId', 'number'],
  begins: { queued: 'waiting' },
  states: {
    waiting: {
      started: 'running',
      ending: 'waiting',
      succeeded: 'succeeded',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    running: {
      ending: 'running',
      succeeded: 'succeeded',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    succeeded: {},
    failed: {},
    cancelled: {},
  },
  events: {
    started: { at: 'startedAt' },
    ending: { brings: ['ending', 'detail'], late: true },
    succeeded: attemptEnd,
    failed: attemptEnd,
    cancelled: attemptEnd,
  },
  ownedBy: { table: 'runs', column: 'runId' },
  reads: ['runId', 'number', 'workloadId', 'reason', 'detail'],
  describe: ({ runId, number, workloadId, reason, detail }) => ({
    subjectId: runId,
    data: { runId, number, workloadId, reason, detail },
  }),
  looks: ({ runId }, event) => (event === 'ending' ? [['run', runId]] : []),
});

export const isOver = (status: RunStatus): boolean => isFinalIn(runMachine, status);

/** How an attempt failed. */
export type RunFailure = {
  status: 'failed';
  reason: EndReason;
  detail: string;
  exitCode: number | null;
};

/** How an attempt, and with it its run, ended. */
export type RunOutcome =
  | { status: 'succeeded'; exitCode: 0 }
  | RunFailure
  | { status: 'cancelled' };
