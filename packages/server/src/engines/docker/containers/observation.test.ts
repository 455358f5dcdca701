import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '../../../lib/ids.ts';
import type { Inspected } from './containers.ts';
import { concludeExit, lastWords, toObservation } from './observation.ts';
import type { End } from './observation.ts';
import type { InstanceRecord } from '../instance-record.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

const record: InstanceRecord = {
  instanceId: newId('instance'),
  workloadId: newId('workload'),
  ownerId: newId('organization'),
  applicationId: newId('application'),
  work: 'programs',
  boot: 'this boot',
  createdAt: START,
  containerId: 'c'.repeat(64),
  port: 8080,
  log: { directory: '/nowhere', budgetMiB: 1, masked: [] },
  memoryMiB: 512,
  diskMiB: 1024,
  writable: [],
};

const stateOf = (code: number, changes: Partial<Inspected['State']> = {}): Inspected['State'] => ({
  Status: 'exited',
  ExitCode: code,
  OOMKilled: false,
  StartedAt: at(1),
  FinishedAt: at(10),
  ...changes,
});

const end = (code: number, changes: Partial<End> = {}): End => ({
  record,
  ending: undefined,
  state: stateOf(code),
  steps: undefined,
  boot: 'this boot',
  lostAt: undefined,
  ...changes,
});

const asked = (seconds: number, reason: InstanceReason = 'stopped') => ({
  reason,
  detail: reason === 'stopped' ? undefined : 'why',
  at: START + seconds * 1000,
  graceSeconds: 5,
});
type InstanceReason = 'stopped' | 'disk_full' | 'memory_limit';

const how = (one: End) => {
  const { reason, exitCode, signal } = concludeExit(one);
  return [reason, exitCode ?? signal];
};

test('an end is what the instance did, unless something did it to the instance', () => {
  assert.deepEqual(how(end(0)), ['exited', 0]);
  assert.deepEqual(how(end(3)), ['exited', 3]);
  assert.deepEqual(how(end(137)), ['exited', 'SIGKILL']);
  assert.deepEqual(how(end(128)), ['exited', 128]);
  assert.equal(how(end(143, { ending: asked(5) }))[0], 'stopped');
  assert.equal(how(end(143, { ending: asked(11) }))[0], 'exited');
  assert.equal(how(end(137, { ending: asked(5, 'disk_full') }))[0], 'disk_full');
  assert.equal(how(end(137, { state: stateOf(137, { OOMKilled: true }) }))[0], 'memory_limit');
  assert.equal(how(end(0, { state: stateOf(0, { OOMKilled: true }) }))[0], 'exited');
  assert.equal(how(end(255, { boot: 'another' }))[0], 'supervisor_lost');
  const steps = { step: 'CC_PRE_RUN_HOOK', failedBefore: true, code: undefined };
  assert.deepEqual(how(end(9, { steps })), ['before_failed', 9]);
});

test('what ended while the engine was away was taken with it, what ended before was not', () => {
  assert.equal(how(end(143, { lostAt: START + 9_000 }))[0], 'supervisor_lost');
  assert.equal(how(end(143, { lostAt: START + 11_000 }))[0], 'exited');
  assert.deepEqual(how(end(0, { lostAt: START + 9_000 })), ['exited', 0]);
});

test('the command’s own code counts, not that of the hook after it', () => {
  const steps = { step: 'command', failedBefore: false, code: 4 };
  assert.deepEqual(how(end(0, { steps })), ['exited', 4]);
});

test('only one that had to be killed has last words', () => {
  assert.match(lastWords(end(137, { ending: asked(5) })) ?? '', /went on for 5 s/);
  assert.equal(lastWords(end(143, { ending: asked(5) })), undefined);
  assert.equal(lastWords(end(137)), undefined);
  assert.equal(lastWords(end(137, { ending: asked(5, 'disk_full') })), 'why');
});

test('an instance is seen once it runs, at the address of its network', () => {
  const kept = { record, ending: undefined, exit: undefined };
  const found = (status: Inspected['State']['Status']): Inspected => ({
    Id: record.containerId ?? '',
    State: stateOf(0, { Status: status, FinishedAt: '0001-01-01T00:00:00Z' }),
    Config: { Labels: null },
    NetworkSettings: { Networks: { none: { IPAddress: '' }, one: { IPAddress: '10.64.0.2' } } },
  });
  assert.equal(toObservation(kept, undefined, 5), undefined);
  assert.equal(toObservation(kept, found('created'), 5), undefined);
  const seen = toObservation(kept, found('running'), 5);
  assert.deepEqual(seen?.state, {
    status: 'running',
    startedAt: START + 1000,
    heartbeatAt: 5,
    endpoint: { host: '10.64.0.2', port: 8080 },
  });
  const runner = { ...kept, record: { ...record, port: undefined } };
  const state = toObservation(runner, found('running'), 5)?.state;
  assert.equal(state?.status === 'running' && state.endpoint, undefined);
});
