import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineDescription } from '../describe-engine.ts';
import { dockerFindings } from './docker-findings.ts';
import type { SeenDocker } from './docker-findings.ts';

const engine: EngineDescription = {
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
  givesGpus: false,
};

const there = {
  is: 'there',
  socketPath: '/var/run/docker.sock',
  engine,
  disk: { freeGiB: 100, share: 0.5 },
  guarded: true,
  classicOnly: false,
  toolkit: '1.17.8',
  root: true,
} as const;

const find = (seen: SeenDocker, what = 'Docker', required = false) => {
  const found = dockerFindings(seen, { required, hasDevices: true }).find(
    (one) => one.what === what,
  );
  assert.ok(found !== undefined, what);
  return found;
};

test('an engine that has all is named, and nothing is to be mended', () => {
  assert.equal(find(there).detail, 'Docker 28.0.1 (API 1.48) at /var/run/docker.sock');
  assert.deepEqual(
    dockerFindings(there, { required: true, hasDevices: false }).filter(
      ({ state }) => state !== 'ok',
    ),
    [],
  );
});

test('without an engine, it is said what that costs and what helps', () => {
  const absent = find({ is: 'absent', installed: false });
  assert.equal(absent.state, 'limited');
  assert.match(absent.detail, /not offered; all others run/);
  assert.equal(absent.mend, 'apt-get install docker.io');
  assert.equal(find({ is: 'absent', installed: true }).mend, 'systemctl start docker');
  const closed = find({ is: 'closed', socketPath: '/var/run/docker.sock', user: 'ada' });
  assert.match(closed.mend ?? '', /usermod -aG docker ada/);
  const why = 'The engine does not speak API 1.40.';
  assert.match(find({ is: 'silent', socketPath: '/x.sock', why }).detail, /waits.*API 1\.40/);
});

test('where the configuration asks for Docker, its absence is no mere limit', () => {
  for (const installed of [true, false])
    assert.equal(find({ is: 'absent', installed }, 'Docker', true).state, 'missing');
  const unused = find({ is: 'unused', instead: 'process' });
  assert.equal(unused.state, 'ok');
  assert.match(unused.detail, /GRID_ENGINE=process/);
});

test('what an engine lacks is a limit with what mends it', () => {
  const limits: [what: string, seen: SeenDocker][] = [
    ['Docker', { ...there, engine: { ...engine, rootless: true } }],
    ["Docker's disk", { ...there, disk: { freeGiB: 40, share: 0.04 } }],
    ["Docker's disk", { ...there, disk: { freeGiB: 4, share: 0.5 } }],
    ["Docker's disk", { ...there, engine: { ...engine, storageDriver: 'vfs' } }],
    ["Docker's firewall", { ...there, guarded: false }],
    ["Docker's user namespaces", { ...there, engine: { ...engine, mapsUsers: true } }],
    ["Docker's system calls", { ...there, engine: { ...engine, filtersCalls: false } }],
    ['live-restore', { ...there, engine: { ...engine, keepsContainers: false } }],
  ];
  for (const [what, seen] of limits) {
    const { state, mend } = find(seen, what);
    assert.equal(state, 'limited', what);
    assert.ok(mend !== undefined, what);
  }
});

test('what BuildKit shares is said where builds may use it, and nowhere else', () => {
  assert.match(find(there, 'BuildKit').detail, /default bridge.*GRID_DOCKER_BUILDER=classic/);
  assert.match(find(there, 'BuildKit').detail, /held to their memory/);
  const systemd = { ...there, engine: { ...engine, cgroupDriver: 'systemd' } };
  for (const seen of [systemd, { ...there, root: false }])
    assert.match(find(seen, 'BuildKit').detail, /nothing holds them/);
  const none = { ...there, engine: { ...engine, buildkit: false } };
  for (const seen of [none, { ...there, classicOnly: true }])
    assert.doesNotMatch(find(seen, 'BuildKit').detail, /bridge/);
});

test('Podman keeps what runs by itself, and is called by its name', () => {
  const podman = { ...there, engine: { ...engine, name: 'Podman' } } as const;
  assert.match(find(podman).detail, /^Podman/);
  assert.ok(
    !dockerFindings(podman, { required: false, hasDevices: false }).some(
      ({ what }) => what === 'live-restore',
    ),
  );
  assert.equal(
    find({ ...podman, disk: { freeGiB: 1, share: 0.5 } }, "Docker's disk").mend,
    'podman system prune',
  );
});

const GIVES = { ...there, engine: { ...engine, givesGpus: true } };

test('whether containers can have devices is told where there are some', () => {
  assert.equal(find(there, 'GPUs in containers').state, 'limited');
  assert.equal(find(GIVES, 'GPUs in containers').state, 'ok');
  const told = dockerFindings(GIVES, { required: false, hasDevices: false });
  assert.ok(!told.some(({ what }) => what === 'GPUs in containers'));
});

test('a container toolkit whose hooks obey containers is named, with the version that does not', () => {
  for (const [toolkit, state] of [
    ['1.17.7', 'limited'],
    ['1.9.12', 'limited'],
    ['1.17.8', 'ok'],
    ['1.18.0', 'ok'],
    ['2.0', 'ok'],
  ] as const)
    assert.equal(find({ ...GIVES, toolkit }, 'GPUs in containers').state, state, toolkit);
});
