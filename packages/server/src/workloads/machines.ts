import { defineMachine } from '../states/machine.ts';
import { rulesOf } from './subject.ts';
import { whyWaits } from './workload.ts';

/** Everything that can become of a workload. */
export const workloadMachine = defineMachine({
  noun: 'workload',
  table: 'workloads',
  column: 'state',
  key: ['id', 'wanted'],
  begins: { queued: 'waiting' },
  states: {
    waiting: { delayed: 'waiting', admitted: 'admitted', gone: 'gone' },
    admitted: {
      engine_lost: 'admitted',
      engine_back: 'admitted',
      draining: 'admitted',
      gone: 'gone',
    },
    gone: {},
  },
  events: {
    delayed: { brings: ['reason', 'detail'], late: true },
    admitted: { brings: ['placement'], clears: ['reason', 'detail'], at: 'admittedAt', late: true },
    engine_lost: { brings: ['engineAway'], late: true },
    engine_back: { clears: ['engineAway'], late: true },
    draining: { at: 'drainingAt', once: true, late: true },
    gone: { clears: ['engineAway'], at: 'goneAt', late: true },
  },
  reads: [
    'id',
    'ownerId',
    'applicationId',
    'subjectKind',
    'subjectId',
    'reason',
    'detail',
    'engineAway',
  ],
  describe: ({ id, subjectKind, subjectId, ...row }) => ({
    subjectId: id,
    data: { subjectKind, subjectId, ...whyWaits(row) },
  }),
  looks: ({ id }, event) => {
    if (event === 'queued' || event === 'gone') return [['queue', 'all']];
    return event === 'admitted' || event === 'draining' ? [['workload', id]] : [];
  },
});

/** Everything that can become of an instance. */
export const instanceMachine = defineMachine({
  noun: 'instance',
  table: 'instances',
  column: 'status',
  key: ['id'],
  begins: { created: 'starting' },
  states: {
    starting: {
      started: 'starting',
      healthy: 'healthy',
      unhealthy: 'unhealthy',
      exited: 'exited',
    },
    healthy: { started: 'healthy', exited: 'exited' },
    unhealthy: { started: 'unhealthy', exited: 'exited' },
    exited: {},
  },
  events: {
    started: { brings: ['endpointHost', 'endpointPort'], at: 'startedAt', once: true, late: true },
    healthy: { at: 'healthyAt', late: true },
    unhealthy: { brings: ['detail'], late: true },
    exited: {
      brings: ['exitCode', 'signal', 'reason', 'detail'],
      may: ['startedAt'],
      at: 'endedAt',
      late: true,
    },
  },
  reads: [
    'id',
    'ownerId',
    'applicationId',
    'workloadId',
    'subjectKind',
    'number',
    'attempt',
    'exitCode',
    'reason',
    'detail',
  ],
  describe: ({ id, workloadId, number, attempt, exitCode, reason, detail }) => ({
    subjectId: id,
    data: { instanceId: id, workloadId, number, attempt, exitCode, reason, detail },
  }),
  looks: ({ workloadId, subjectKind }, event) => {
    if (event === 'unhealthy') return [['workload', workloadId]];
    return event === 'healthy' && rulesOf({ subjectKind }).serves ? [['routes', 'all']] : [];
  },
});
