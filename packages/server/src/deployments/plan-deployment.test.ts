import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Run } from '../runs/run.ts';
import type { DeploymentStatus } from '../store/schema.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import { isFinal } from './deployment.ts';
import { planDeployment } from './plan-deployment.ts';
import type { Situation } from './plan-deployment.ts';

type Given = {
  status?: DeploymentStatus;
  wanted?: 'proceed' | 'cancel';
  why?: { reason: string; detail: string };
  kind?: 'runner' | 'webapp';
  zeroDowntime?: boolean;
} & Partial<Omit<Situation, 'deployment' | 'application'>>;

function situation(given: Given): Situation {
  const { status = 'starting', wanted = 'proceed', why, kind = 'webapp', ...rest } = given;
  const { zeroDowntime = true, ...facts } = rest;
  return {
    deployment: { status, wanted, reason: null, detail: null, ...why },
    application: { kind, zeroDowntime },
    predecessor: undefined,
    build: undefined,
    workload: undefined,
    instances: [],
    run: undefined,
    former: [],
    fitsWithoutFormer: false,
    ...facts,
  } as unknown as Situation;
}

const plan = (given: Given) => planDeployment(situation(given));

const workload = (rest: Partial<Workload> = {}): Workload =>
  ({
    state: 'admitted',
    nodes: 1,
    reason: null,
    detail: null,
    engineAway: null,
    ...rest,
  }) as Workload;

const waiting = workload({ state: 'waiting', reason: 'no_memory', detail: 'Needs more.' });

const instance = (number: number, rest: Partial<Instance> = {}): Instance =>
  ({ number, attempt: 1, status: 'starting', reason: null, detail: null, ...rest }) as Instance;

const exited = (number: number, exitCode: number): Instance =>
  instance(number, { status: 'exited', reason: 'exited', exitCode, signal: null });

const healthy = (number: number): Instance => instance(number, { status: 'healthy' });

test('a queued deployment builds when its turn has come', () => {
  assert.deepEqual(plan({ status: 'queued' }), { do: 'start_build' });
});

test('a run waits for the one before it to end, a version of a Webapp does not', () => {
  const former = [workload()];
  const step = plan({ kind: 'runner', former });
  assert.ok(step.do === 'say_waiting' && step.reason === 'behind_run');
  assert.deepEqual(plan({ kind: 'runner', former, why: step }), { do: 'nothing' });
  assert.deepEqual(plan({ kind: 'runner', why: step }), { do: 'start' });
  assert.deepEqual(plan({ kind: 'runner', workload: workload(), why: step }), { do: 'go_on' });
  assert.deepEqual(plan({ kind: 'webapp', former }), { do: 'start' });
});

test('whoever waits for an engine that is away says so, until it is back', () => {
  const why = { reason: 'engine_unavailable', detail: 'Waits for its engine.' } as const;
  const away = workload({ engineAway: why.detail });
  for (const given of [{ status: 'building', build: away }, { workload: away }] as const) {
    assert.deepEqual(plan(given), { do: 'say_waiting', ...why });
    assert.deepEqual(plan({ ...given, why }), { do: 'nothing' });
  }
  assert.deepEqual(plan({ status: 'building', build: workload(), why }), { do: 'go_on' });
  assert.deepEqual(plan({ workload: workload(), why }), { do: 'go_on' });
});

test('a queued deployment says once whom it waits for', () => {
  const step = plan({ status: 'queued', predecessor: { number: 3 } });
  assert.ok(step.do === 'say_waiting');
  assert.equal(step.reason, 'behind_deployment');
  assert.match(step.detail, /Waits for deployment #3/);
  assert.deepEqual(plan({ status: 'queued', predecessor: { number: 3 }, why: step }), {
    do: 'nothing',
  });
});

test('a build that waits for room says why, and goes on when it has it', () => {
  const why = { reason: 'no_memory', detail: 'Needs more.' };
  assert.deepEqual(plan({ status: 'building', build: waiting }), { do: 'say_waiting', ...why });
  assert.deepEqual(plan({ status: 'building', build: waiting, why }), { do: 'nothing' });
  assert.deepEqual(plan({ status: 'building', build: workload(), why }), { do: 'go_on' });
  assert.deepEqual(plan({ status: 'building', build: workload() }), { do: 'build' });
});

test('what never fits fails, a build as well as what it is for', () => {
  const never = workload({ state: 'waiting', reason: 'never_fits', detail: 'Too big.' });
  const step = { do: 'fail', reason: 'never_fits', detail: 'Too big.' };
  assert.deepEqual(plan({ status: 'building', build: never }), step);
  assert.deepEqual(plan({ workload: never }), step);
});

test('a new version waits for its room beside the one that serves', () => {
  const why = { reason: 'no_memory', detail: 'Needs more.' };
  assert.deepEqual(plan({ workload: waiting }), { do: 'say_waiting', ...why });
  assert.deepEqual(plan({ workload: waiting, why }), { do: 'nothing' });
  assert.deepEqual(plan({ workload: workload(), why }), { do: 'go_on' });
});

test('where both never have room side by side the old one goes first', () => {
  const given = { workload: waiting, former: [workload()] };
  assert.deepEqual(plan({ ...given, fitsWithoutFormer: true }), {
    do: 'end_former',
    reason: 'no_room_for_both',
  });
  assert.equal(plan({ ...given, fitsWithoutFormer: false }).do, 'say_waiting');
});

test('without zero downtime the old version goes before the new one is made', () => {
  const former = [workload()];
  assert.deepEqual(plan({ zeroDowntime: false, former }), {
    do: 'end_former',
    reason: 'by_option',
  });
  assert.deepEqual(plan({ zeroDowntime: false }), { do: 'start' });
  assert.deepEqual(plan({ former }), { do: 'start' });
});

test('a Webapp is live when all its numbers are healthy', () => {
  const two = workload({ nodes: 2 });
  assert.deepEqual(plan({ workload: two, instances: [healthy(0)] }), { do: 'nothing' });
  assert.deepEqual(plan({ workload: two, instances: [healthy(0), instance(1)] }), {
    do: 'nothing',
  });
  assert.deepEqual(plan({ workload: two, instances: [healthy(0), healthy(1)] }), { do: 'go_live' });
});

test('a Webapp of which one number ends before it served has failed', () => {
  const step = plan({ workload: workload({ nodes: 2 }), instances: [healthy(0), exited(1, 7)] });
  assert.ok(step.do === 'fail');
  assert.equal(step.reason, 'crashed');
  assert.match(step.detail, /^Instance 1 ended before it served: exit code 7\. A Webapp keeps/);
});

test('the engine’s reason for an end is the deployment’s', () => {
  const detail = 'memory_limit: it needed more.';
  const killed = instance(0, { status: 'exited', reason: 'memory_limit', detail });
  assert.deepEqual(plan({ workload: workload(), instances: [killed] }), {
    do: 'fail',
    reason: 'memory_limit',
    detail: `Instance 0 ended before it served: ${detail}`,
  });
});

test('a health check that was not passed is the reason as it stands', () => {
  const sick = instance(0, { status: 'unhealthy', detail: 'GET / 500' });
  assert.deepEqual(plan({ workload: workload(), instances: [sick] }), {
    do: 'fail',
    reason: 'unhealthy',
    detail: 'GET / 500',
  });
});

test('the newest attempt of a number counts, not those before it', () => {
  const instances = [exited(0, 1), { ...healthy(0), attempt: 2 }];
  assert.deepEqual(plan({ workload: workload(), instances }), { do: 'go_live' });
});

test('a deployment follows its run: it is under way, waits, and ends as the run does', () => {
  const run = (rest: Partial<Run>): Run =>
    ({ status: 'waiting', reason: null, detail: null, exitCode: null, ...rest }) as Run;
  const given = { kind: 'runner', workload: workload() } as const;
  assert.equal(plan({ ...given, run: run({}) }).do, 'nothing');
  assert.equal(plan({ ...given, run: run({ status: 'running' }) }).do, 'note_running');
  assert.deepEqual(plan({ ...given, run: run({ reason: 'no_device', detail: 'Needs 2 × GPU' }) }), {
    do: 'say_waiting',
    reason: 'no_device',
    detail: 'Needs 2 × GPU',
  });
  const running = { ...given, status: 'running' } as const;
  assert.equal(plan({ ...running, run: run({ status: 'running' }) }).do, 'nothing');
  assert.equal(
    plan({ ...running, why: { reason: 'no_device', detail: '' }, run: run({ status: 'running' }) })
      .do,
    'go_on',
  );
  assert.deepEqual(plan({ ...running, run: run({ status: 'succeeded' }) }), {
    do: 'end_run',
    outcome: { status: 'succeeded', exitCode: 0 },
  });
  const failure = {
    status: 'failed',
    reason: 'exited',
    detail: 'exit code 3',
    exitCode: 3,
  } as const;
  assert.deepEqual(plan({ ...running, run: run(failure) }), { do: 'end_run', outcome: failure });
  assert.equal(
    plan({ ...given, workload: undefined, run: run({}) }).do,
    'nothing',
    'between attempts',
  );
});

const statuses = fc.constantFrom<DeploymentStatus>(
  'queued',
  'building',
  'starting',
  'running',
  'live',
  'completed',
  'superseded',
  'failed',
  'cancelled',
);
const workloads = fc.option(fc.constantFrom(workload(), waiting), { nil: undefined });
const facts = fc.record({
  status: statuses,
  kind: fc.constantFrom('runner' as const, 'webapp' as const),
  zeroDowntime: fc.boolean(),
  build: workloads,
  workload: workloads,
  instances: fc.constantFrom([], [healthy(0)], [exited(0, 1)]),
  former: fc.constantFrom([], [workload()]),
  fitsWithoutFormer: fc.boolean(),
});

test('one that is to be cancelled is, whatever stands around it; one that is over stays as it is', () => {
  fc.assert(
    fc.property(facts, (given) => {
      const over = isFinal(given.status) || given.status === 'live';
      const step = plan({ ...given, wanted: 'cancel' });
      assert.equal(step.do, over ? 'nothing' : 'cancel');
    }),
  );
});

test('a Webapp of Docker that ends is told of the variable that says its port', () => {
  const advice = (variant: string): string => {
    const given = situation({ workload: workload(), instances: [exited(0, 1)] });
    const step = planDeployment({ ...given, application: { ...given.application, variant } });
    return step.do === 'fail' ? step.detail : '';
  };
  assert.match(advice('ml_docker_web'), /CC_DOCKER_EXPOSED_HTTP_PORT/);
  assert.match(advice('ml_python_web'), /on port 8080\.$/);
});
