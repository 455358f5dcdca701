import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findDockerSocket } from './find-socket.ts';

test('the socket that DOCKER_HOST names goes before all others; what is not there is no socket', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sockets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const named = join(folder, 'named.sock');
  const environment = { DOCKER_HOST: `unix://${named}`, XDG_RUNTIME_DIR: folder };
  assert.notEqual(findDockerSocket(environment), named);
  writeFileSync(named, '');
  assert.equal(findDockerSocket(environment), named);
  assert.equal(
    findDockerSocket({ DOCKER_HOST: 'tcp://127.0.0.1:2375' }),
    findDockerSocket({}),
    'an engine is reached by a socket of this machine',
  );
});

test('an engine of the user’s own is found, Docker before Podman', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sockets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const machine = findDockerSocket({});
  if (machine === '/var/run/docker.sock') return t.skip('the machine has one, which goes first');
  mkdirSync(join(folder, 'podman'));
  writeFileSync(join(folder, 'podman', 'podman.sock'), '');
  assert.equal(findDockerSocket({ XDG_RUNTIME_DIR: folder }), join(folder, 'podman/podman.sock'));
  writeFileSync(join(folder, 'docker.sock'), '');
  assert.equal(findDockerSocket({ XDG_RUNTIME_DIR: folder }), join(folder, 'docker.sock'));
});
