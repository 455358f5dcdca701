import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instance, Workload } from '../workloads/workload.ts';
import { planRun } from './plan-run.ts';
import type { RunSituation, RunStep } from './plan-run.ts';
import type { Attempt, Run } from './run.ts';

type Given = Partial<Omit<RunSituation, 'run' | 'workload'>> & {
  run?: Partial<Run>;
  workload?: Partial<Workload> | undefined;
};

const attempt = (rest: Partial<Attempt> = {}): Attempt =>
  ({
    number: 1,
    status: 'running',
    reason: null,
    ending: null,
    startAfter: null,
    startedAt: 100,
    ...rest,
  }) as Attempt;

const node = (
  number: number,
  status: Instance['status'],
  exitCode: number | null = null,
): Instance =>
  ({
    number,
    attempt: 1,
    status,
    exitCode,
    reason: status === 'exited' ? 'exited' : null,
    detail: null,
    signal: null,
  }) as Instance;

const plan = ({ run, workload = {}, ...rest }: Given): RunStep =>
  planRun({
    attempts: [attempt()],
    instances: [node(0, 'healthy')],
    engine: 'process',
    fault: undefined,
    now: 1_000,
    ...rest,
    run: {
      status: 'running',
      wanted: 'proceed',
      reason: null,
      retries: null,
      maxDuration: null,
      ...run,
    } as Run,
    workload: {
      state: 'admitted',
      nodes: 1,
      reason: null,
      detail: null,
      engineAway: null,
      ...workload,
    } as Workload,
  });

test('it is under way when all nodes compute, and over when all ended well', () => {
  const waiting = { run: { status: 'waiting' }, workload: { nodes: 2 } } as const;
  assert.equal(
    plan({ ...waiting, instances: [node(0, 'healthy'), node(1, 'starting')] }).do,
    'nothing',
  );
  assert.equal(
    plan({ ...waiting, instances: [node(0, 'healthy'), node(1, 'healthy')] }).do,
    'note_running',
  );
  const two = { workload: { nodes: 2 } };
  assert.equal(
    plan({ ...two, instances: [node(0, 'exited', 0), node(1, 'healthy')] }).do,
    'nothing',
  );
  assert.deepEqual(plan({ ...two, instances: [node(0, 'exited', 0), node(1, 'exited', 0)] }), {
    do: 'end',
    outcome: { status: 'succeeded', exitCode: 0 },
  });
});

test('with one node the whole gang fails, and with it the run', () => {
  const step = plan({
    workload: { nodes: 2 },
    instances: [node(0, 'healthy'), node(1, 'exited', 3)],
  });
  assert.deepEqual(step, {
    do: 'end',
    outcome: { status: 'failed', reason: 'exited', detail: 'node 1: exit code 3', exitCode: 3 },
  });
});

test('a failure with budget left is followed by another attempt, once the former has given back what it held', () => {
  const step = plan({ run: { retries: 1 }, instances: [node(0, 'exited', 3)] });
  assert.ok(step.do === 'retry' && step.startAfter === 2_000);
  const over = [attempt({ status: 'failed', reason: 'exited', startAfter: 2_000 })];
  const between = { run: { status: 'waiting', retries: 1 } as const, attempts: over };
  assert.deepEqual(plan({ ...between, workload: { state: 'admitted' } }), {
    do: 'nothing',
    lookAt: undefined,
  });
  const gone = { ...between, workload: { state: 'gone' } as const };
  assert.deepEqual(plan(gone), { do: 'nothing', lookAt: 2_000 });
  const due = { ...gone, now: 2_000, engine: 'docker' } as const;
  assert.deepEqual(plan(due), { do: 'queue_attempt', engine: 'docker' });
  const none = {
    reason: 'invalid_variable',
    detail: 'This platform has no docker engine.',
  } as const;
  assert.deepEqual(plan({ ...due, engine: none }), {
    do: 'end',
    outcome: { status: 'failed', ...none, exitCode: null },
  });
});

test('who waits is said why, once', () => {
  const workload = { state: 'waiting', reason: 'no_device', detail: 'Needs 2' } as const;
  const first = plan({ run: { status: 'waiting' }, workload, instances: [] });
  assert.deepEqual(first, { do: 'note_wait', reason: 'no_device', detail: 'Needs 2' });
  const second = plan({ run: { status: 'waiting', reason: 'no_device' }, workload, instances: [] });
  assert.equal(second.do, 'nothing');
  const hopeless = plan({
    workload: { state: 'waiting', reason: 'never_fits', detail: 'no' },
    instances: [],
  });
  assert.ok(hopeless.do === 'end' && hopeless.outcome.status === 'failed');
});

test('it is looked at again when it has taken as long as it may, and is then asked to end', () => {
  assert.deepEqual(plan({ run: { maxDuration: 5_000 } }), { do: 'nothing', lookAt: 5_100 });
  const step = plan({ run: { maxDuration: 5_000 }, now: 5_100 });
  assert.ok(step.do === 'end_attempt' && step.ending === 'max_duration');
  const ending = [attempt({ ending: 'max_duration', detail: 'as long as it may' })];
  const asked = { attempts: ending, run: { maxDuration: 5_000, retries: 9 }, now: 5_200 };
  assert.equal(plan(asked).do, 'nothing', 'it has its grace');
  const over = plan({ ...asked, instances: [node(0, 'exited', 0)] });
  assert.ok(
    over.do === 'end' && over.outcome.status === 'failed' && over.outcome.reason === 'max_duration',
  );
});

test('on a device that fell ill its attempt ends, and another follows at once', () => {
  const step = plan({ fault: 'device_lost: GPU-1 is not well' });
  assert.ok(step.do === 'end_attempt' && step.ending === 'device_lost');
  const ending = [attempt({ ending: 'device_lost', detail: 'device_lost: GPU-1' })];
  const next = plan({ attempts: ending, workload: { state: 'gone' }, instances: [] });
  assert.ok(next.do === 'retry' && next.startAfter === 1_000);
});

test('what is to be cancelled is, and what is over stays as it is', () => {
  assert.deepEqual(plan({ run: { wanted: 'cancel' } }), {
    do: 'end',
    outcome: { status: 'cancelled' },
  });
  assert.equal(plan({ run: { wanted: 'cancel', status: 'succeeded' } }).do, 'nothing');
});
