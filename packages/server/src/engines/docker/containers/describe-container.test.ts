import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceSpec } from '../../../workloads/engine.ts';
import { makeSpec } from '../../../testing/instance.ts';
import { tmpdir } from 'node:os';
import { imageContainer, programContainer } from './describe-container.ts';
import type { Mount } from '../machine-programs.ts';
import type { DeviceRequest } from './request-devices.ts';

const given = {
  platform: '12345678',
  image: 'image',
  network: 'network',
  log: undefined,
  devices: [],
};

const programs = (changes: Partial<InstanceSpec> = {}, devices: readonly DeviceRequest[] = []) => {
  const spec = { ...makeSpec(tmpdir(), 'true'), ...changes };
  const steps = { before: [], after: {}, command: { name: 'true', argv: ['/bin/true'] as const } };
  return programContainer(
    spec,
    { ...steps, command: { name: 'true', argv: ['/bin/true'] } },
    { ...given, devices, user: { uid: 70_000, gid: 70_000 } },
  );
};

test('every container is held to its limits, and none gets more rights than it has', () => {
  const image = imageContainer(makeSpec(tmpdir(), 'true'), { ...given, socket: undefined });
  for (const { HostConfig: host } of [programs(), image]) {
    assert.equal(host['Memory'], 512 * 2 ** 20);
    assert.equal(host['MemorySwap'], host['Memory']);
    assert.equal(host['PidsLimit'], 2048);
    assert.deepEqual(host['CapDrop'], ['ALL']);
    assert.deepEqual(host['SecurityOpt'], ['no-new-privileges']);
    assert.ok(Number(host['ShmSize']) >= 2 ** 30);
    assert.equal(host['Privileged'], undefined);
    assert.equal(host['PidMode'], undefined);
    assert.equal(host['NetworkMode'], 'network');
  }
  assert.equal(programs()['User'], '70000:70000');
  assert.equal(programs().HostConfig['CapAdd'], undefined);
});

test('an image of a user’s sees nothing of this machine, unless its operator gives it the socket', () => {
  const spec = makeSpec(tmpdir(), 'true');
  const mountsOf = (socket: string | undefined) =>
    imageContainer(spec, { ...given, socket }).HostConfig['Mounts'];
  assert.deepEqual(mountsOf(undefined), []);
  const mount = { Type: 'bind', Source: '/run/d.sock', Target: '/var/run/docker.sock' };
  assert.deepEqual(mountsOf('/run/d.sock'), [{ ...mount, ReadOnly: false }]);
});

test('a node has its address, knows the others by name, and sees what they share', () => {
  const made = makeSpec(tmpdir(), 'true');
  const shared = { source: '/data/shared/run', mountedAt: '/run/grid' };
  const changes = {
    files: { ...made.files, shared },
    address: '10.64.2.1',
    hosts: { 'node-0': '10.64.2.1', 'node-1': '10.64.2.2' },
  };
  const argv = ['train', '--fast'] as const;
  const image = imageContainer({ ...made, ...changes }, { ...given, socket: undefined, argv });
  assert.deepEqual(image['Cmd'], argv);
  for (const body of [programs(changes), image]) {
    assert.deepEqual(body['NetworkingConfig'], {
      EndpointsConfig: { network: { IPAMConfig: { IPv4Address: '10.64.2.1' } } },
    });
    const { ExtraHosts, Mounts } = body.HostConfig;
    assert.deepEqual(ExtraHosts, ['node-0:10.64.2.1', 'node-1:10.64.2.2']);
    const mount = (Mounts as Mount[]).find(({ Target }) => Target === '/run/grid');
    assert.deepEqual([mount?.Source, mount?.ReadOnly], ['/data/shared/run', false]);
  }
  assert.equal(programs()['NetworkingConfig'], undefined);
  const plain = imageContainer(made, { ...given, socket: undefined });
  assert.ok(!('Cmd' in plain), 'an image brings its own command');
});

test('only a build writes to this machine, and only where it builds', () => {
  const writable = (body: ReturnType<typeof programs>): string[] =>
    (body.HostConfig['Mounts'] as Mount[])
      .filter(({ ReadOnly }) => !ReadOnly)
      .map(({ Source }) => Source);
  assert.deepEqual(writable(programs()), []);
  const build = programs({
    files: {
      application: { source: '/tree', mountedAt: '/home/bas/app', access: 'writable' },
      environment: { source: '/environment', access: 'read-only' },
      cache: { source: '/cache' },
      readOnly: ['/opt/python'],
    },
  });
  assert.deepEqual(writable(build), ['/tree', '/cache']);
});

test('what every container has is mounted once, also where a setting names it', () => {
  const { files } = makeSpec(tmpdir(), 'true');
  const body = programs({ files: { ...files, readOnly: ['/usr', '/opt/python', '/opt/python'] } });
  const targets = (body.HostConfig['Mounts'] as Mount[]).map(({ Target }) => Target);
  assert.deepEqual(targets.toSorted(), [...new Set(targets)].toSorted());
  assert.ok(targets.includes('/opt/python'));
});

test('devices are asked for where there are some, and a cache of libraries is left to who gives them', () => {
  const request = { Driver: 'cdi', DeviceIDs: ['nvidia.com/gpu=GPU-one'] } as const;
  const targets = (body: ReturnType<typeof programs>): string[] =>
    (body.HostConfig['Mounts'] as Mount[]).map(({ Target }) => Target);
  const image = imageContainer(makeSpec(tmpdir(), 'true'), {
    ...given,
    socket: undefined,
    devices: [request],
  });
  for (const body of [programs({}, [request]), image]) {
    assert.deepEqual(body.HostConfig['DeviceRequests'], [request]);
    assert.ok(!targets(body).includes('/etc/ld.so.cache'));
  }
  assert.equal(programs().HostConfig['DeviceRequests'], undefined);
  assert.ok(targets(programs()).includes('/etc/ld.so.cache'));
});
