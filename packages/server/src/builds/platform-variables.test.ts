import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceVariables, onHost, withoutHost } from './platform-variables.ts';

const start = { PATH: '/host/bin', GIT_SSH_COMMAND: 'ssh' };
const subject = (user: Record<string, string>, port: number | undefined) => ({
  user,
  start,
  port,
  application: { id: 'app_1', name: 'a', ownerId: 'o', kind: 'webapp' as const },
  deployment: { id: 'd', commitId: 'c' },
  instance: { id: 'i', number: 0, name: 'Tiny' },
  devices: [],
  memoryMiB: 256,
});

test('a Webapp is told the port that it serves, unless its user says another; a Runner none', () => {
  const told = (user: Record<string, string>, port: number | undefined) =>
    instanceVariables(subject(user, port))['PORT'];
  assert.equal(told({}, 8888), '8888');
  assert.equal(told({ PORT: '9000' }, 8888), '9000');
  assert.equal(told({}, undefined), undefined);
});

test('what an image says of its paths and places holds, unless the user says otherwise', () => {
  const user = { PATH: '/mine', TZ: 'Europe/Paris', TOKEN: 'x' };
  const seen = (own: Record<string, string>) =>
    withoutHost(instanceVariables(subject(own, 8080)), start, own);
  const plain = seen({});
  for (const name of ['PATH', 'HOME', 'USER', 'SHELL', 'LANG', 'TZ', 'GIT_SSH_COMMAND'])
    assert.ok(!(name in plain), name);
  assert.equal(plain['APP_ID'], 'app_1');
  const own = seen(user);
  assert.deepEqual([own['PATH'], own['TZ'], own['TOKEN']], ['/mine', 'Europe/Paris', 'x']);
});

test('a hook beside a container is told what its variables leave out', () => {
  const { argv } = onHost({ name: 'hook', argv: ['/bin/sh', '-c', 'x'] }, start);
  assert.equal(argv[0], '/usr/bin/env');
  assert.deepEqual(argv.slice(-3), ['/bin/sh', '-c', 'x']);
  for (const said of ['PATH=/host/bin', 'HOME=/home/bas']) assert.ok(argv.includes(said), said);
});
