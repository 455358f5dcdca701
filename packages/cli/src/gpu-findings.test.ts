import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '@grid/server/devices/device.ts';
import { lookAtGpus } from './diagnose-gpus.ts';
import type { SeenDocker } from './docker-findings.ts';
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

const absent: SeenDocker = { is: 'absent', installed: false };

const docker = (givesGpus: boolean): SeenDocker => ({
  is: 'there',
  socketPath: '/var/run/docker.sock',
  engine: {
    name: 'Docker',
    version: '28.0.1',
    apiVersion: '1.48',
    buildkit: true,
    storageDriver: 'overlay2',
    cgroupDriver: 'cgroupfs',
    dataFolder: '/var/lib/docker',
    mapsUsers: false,
    filtersCalls: true,
    rootless: false,
    keepsContainers: true,
    givesGpus,
  },
  disk: undefined,
  guarded: true,
  classicOnly: false,
  toolkit: '1.17.8',
  root: true,
});

const there = (devices: readonly Device[], changes: object = {}): SeenGpus => ({
  is: 'there',
  devices,
  simulated: false,
  warnings: [],
  ...changes,
});

const briefly = (seen: SeenGpus, of: SeenDocker = absent): string[] =>
  gpuFindings(seen, of).map(({ what, state }) => `${what}: ${state}`);

test('a machine without GPUs lacks nothing, and is not told of containers', () => {
  assert.deepEqual(briefly(there([]), docker(false)), ['GPUs: ok']);
});

test('GPUs are counted by model, with their driver', () => {
  const all = [device('a'), device('b'), device('c', { model: 'NVIDIA L4' })];
  const [found] = gpuFindings(there(all), absent);
  assert.equal(found?.detail, '2 × NVIDIA H100 80GB HBM3, 1 × NVIDIA L4 (driver 570.86.15)');
});

test('one that is ill, a log that is not seen and a missing toolkit are told', () => {
  const trouble = { reason: 'xid', detail: 'Xid 79: it has fallen off the bus.' } as const;
  const seen = there([device('GPU-a', { trouble })], { warnings: ['not seen'] });
  assert.deepEqual(briefly(seen, docker(false)), [
    'GPUs: ok',
    'GPU-a: limited',
    "The kernel's log: limited",
    'GPUs in containers: limited',
  ]);
  const [, ill] = gpuFindings(seen, absent);
  assert.match(ill?.detail ?? '', /given to nobody\. Xid 79/);
  assert.match(ill?.mend ?? '', /grid devices repaired GPU-a/);
  assert.deepEqual(briefly(there([device('a')]), docker(true)), [
    'GPUs: ok',
    'GPUs in containers: ok',
  ]);
});

test('a tool that does not answer is told with its words', () => {
  const seen: SeenGpus = { is: 'silent', why: 'nvidia-smi does not answer within 10 s' };
  const [found] = gpuFindings(seen, docker(true));
  assert.equal(found?.state, 'limited');
  assert.match(found?.detail ?? '', /nothing is started on them: nvidia-smi does not answer/);
});

test('simulated ones are told as such, and a list that is not understood keeps the platform from starting', async () => {
  const look = (simulatedGpus: string) => lookAtGpus({ simulatedGpus, environment: {} });
  const [found, ...more] = gpuFindings(await look('2xL4'), docker(false));
  assert.equal(found?.detail, '2 × NVIDIA L4, simulated (GRID_SIMULATED_GPUS)');
  assert.deepEqual(more, []);
  const none = { simulatedGpus: undefined, environment: { PATH: '/nowhere' } };
  assert.deepEqual(briefly(await look('many')), ['GPUs: missing']);
  assert.deepEqual(briefly(await look('/no/such/file.json')), ['GPUs: limited']);
  assert.deepEqual(briefly(await lookAtGpus(none)), ['GPUs: ok']);
});

test('a container toolkit whose hooks obey containers is named, with the version that does not', () => {
  for (const [toolkit, state] of [
    ['1.17.7', 'limited'],
    ['1.9.12', 'limited'],
    ['1.17.8', 'ok'],
    ['1.18.0', 'ok'],
    ['2.0', 'ok'],
  ] as const) {
    const seen = { ...docker(true), toolkit } as SeenDocker;
    const found = gpuFindings(there([device('GPU-1')]), seen);
    assert.equal(found.find(({ what }) => what === 'GPUs in containers')?.state, state, toolkit);
  }
});
