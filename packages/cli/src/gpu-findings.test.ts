import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '@grid/server/devices/device.ts';
import { lookAtGpus } from './diagnose-gpus.ts';
import { gpuFindings } from './gpu-findings.ts';
import type { SeenGpus } from './gpu-findings.ts';

const device = (uuid: string, changes: Partial<Device> = {}): Device => ({
  uuid,
  model: 'NVIDIA H100 80GB HBM3',
  memoryMiB: 81_559,
  index: 0,
  minor: 0,
  pciBus: undefined,
  numa: undefined,
  parentUuid: undefined,
  driver: '570.86.15',
  files: ['/dev/nvidia0'],
  trouble: undefined,
  ...changes,
});

const there = (devices: readonly Device[], changes: object = {}): SeenGpus => ({
  is: 'there',
  devices,
  simulated: false,
  warnings: [],
  ...changes,
});

const briefly = (seen: SeenGpus): string[] =>
  gpuFindings(seen).map(({ what, state }) => `${what}: ${state}`);

test('a machine without GPUs lacks nothing', () => {
  assert.deepEqual(briefly(there([])), ['GPUs: ok']);
});

test('GPUs are counted by model, with their driver', () => {
  const all = [device('a'), device('b'), device('c', { model: 'NVIDIA L4' })];
  const [found] = gpuFindings(there(all));
  assert.equal(found?.detail, '2 × NVIDIA H100 80GB HBM3, 1 × NVIDIA L4 (driver 570.86.15)');
});

test('one that is ill and a log that is not seen are told', () => {
  const trouble = { reason: 'xid', detail: 'Xid 79: it has fallen off the bus.' } as const;
  const seen = there([device('GPU-a', { trouble })], { warnings: ['not seen'] });
  assert.deepEqual(briefly(seen), ['GPUs: ok', 'GPU-a: limited', "The kernel's log: limited"]);
  const [, ill] = gpuFindings(seen);
  assert.match(ill?.detail ?? '', /given to nobody\. Xid 79/);
  assert.match(ill?.mend ?? '', /grid devices repaired GPU-a/);
});

test('a tool that does not answer is told with its words', () => {
  const seen: SeenGpus = { is: 'silent', why: 'nvidia-smi does not answer within 10 s' };
  const [found] = gpuFindings(seen);
  assert.equal(found?.state, 'limited');
  assert.match(found?.detail ?? '', /nothing is started on them: nvidia-smi does not answer/);
});

test('simulated ones are told as such, and a list that is not understood keeps the platform from starting', async () => {
  const look = (simulatedGpus: string) => lookAtGpus({ simulatedGpus, environment: {} });
  const [found, ...more] = gpuFindings(await look('2xL4'));
  assert.equal(found?.detail, '2 × NVIDIA L4, simulated (GRID_SIMULATED_GPUS)');
  assert.deepEqual(more, []);
  const none = { simulatedGpus: undefined, environment: { PATH: '/nowhere' } };
  assert.deepEqual(briefly(await look('many')), ['GPUs: missing']);
  assert.deepEqual(briefly(await look('/no/such/file.json')), ['GPUs: limited']);
  assert.deepEqual(briefly(await lookAtGpus(none)), ['GPUs: ok']);
});
