import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { findDockerSocket } from './find-socket.ts';

/** Where sockets could be, of which none is there. */
function makePlaces(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sockets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'podman'));
  return {
    named: join(folder, 'named.sock'),
    machine: { docker: join(folder, 'machine-docker'), podman: join(folder, 'machine-podman') },
    user: { docker: join(folder, 'docker.sock'), podman: join(folder, 'podman', 'podman.sock') },
    environment: { XDG_RUNTIME_DIR: folder },
  };
}

test('of the usual sockets the machine’s Docker goes first, then the user’s own, Docker before Podman', (t) => {
  const { machine, user, environment } = makePlaces(t);
  const find = () => findDockerSocket(environment, machine);
  assert.equal(find(), undefined);
  for (const stronger of [machine.podman, user.podman, user.docker, machine.docker]) {
    writeFileSync(stronger, '');
    assert.equal(find(), stronger);
  }
});

test('the socket that DOCKER_HOST names goes before all others, where it is there', (t) => {
  const { named, machine, environment } = makePlaces(t);
  writeFileSync(machine.docker, '');
  const find = (host: string) => findDockerSocket({ ...environment, DOCKER_HOST: host }, machine);
  assert.equal(find(`unix://${named}`), machine.docker);
  writeFileSync(named, '');
  assert.equal(find(`unix://${named}`), named);
  assert.equal(find('tcp://127.0.0.1:2375'), machine.docker, 'engines of other machines are none');
});
