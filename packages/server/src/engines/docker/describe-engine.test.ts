import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Unavailable } from '../../lib/unavailable.ts';
import { closeDocker, openDocker } from '../../testing/docker.ts';
import { describeEngine } from './describe-engine.ts';

after(closeDocker);

type Answers = Readonly<Record<string, object>>;

/** Answers as an engine would, with these headers. */
async function answer(t: TestContext, headers: Record<string, string>, answers: Answers) {
  const folder = mkdtempSync(join(tmpdir(), 'engine-'));
  const socketPath = join(folder, 'docker.sock');
  const server = createServer(({ url }, response) => {
    const path = (url ?? '').replace(/^\/v[\d.]+/, '');
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(answers[path] ?? {}));
  });
  await new Promise<void>((resolve) => void server.listen(socketPath, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return socketPath;
}

const within = () => AbortSignal.timeout(10_000);

test('a Docker engine is described as it was started', async (t) => {
  const docker = await openDocker(t);
  if (docker === undefined) return;
  const found = await describeEngine(docker.socketPath, within());
  assert.equal(found.name, 'Docker');
  assert.match(found.apiVersion, /^1\.\d+$/);
  assert.match(found.dataFolder ?? '', /grid-docker-.*\/data$/);
  const { mapsUsers, filtersCalls, rootless, keepsContainers } = found;
  assert.deepEqual(
    { mapsUsers, filtersCalls, rootless, keepsContainers },
    { mapsUsers: false, filtersCalls: true, rootless: false, keepsContainers: true },
  );
});

test('Podman, an engine of an ordinary user and one that maps users are told', async (t) => {
  const version = { Version: '5.4.0', ApiVersion: '1.41' };
  const info = {
    Driver: 'overlay',
    CgroupDriver: 'systemd',
    SecurityOptions: ['name=seccomp,profile=unconfined', 'name=rootless', 'name=userns'],
  };
  const podman = { 'api-version': '1.41', 'libpod-api-version': '5.4.0' };
  const socketPath = await answer(t, podman, { '/version': version, '/info': info });
  assert.deepEqual(await describeEngine(socketPath, within()), {
    name: 'Podman',
    version: '5.4.0',
    apiVersion: '1.41',
    buildkit: false,
    storageDriver: 'overlay',
    cgroupDriver: 'systemd',
    dataFolder: undefined,
    mapsUsers: true,
    filtersCalls: false,
    rootless: true,
    keepsContainers: true,
    givesGpus: false,
  });
});

test('an engine gives GPUs by a runtime of NVIDIA’s, or by CDI', async (t) => {
  const version = { Version: '28.3.0', ApiVersion: '1.51' };
  const gives = async (more: object): Promise<boolean> => {
    const info = { Driver: 'overlay2', ...more };
    const headers = { 'api-version': '1.51' };
    const socketPath = await answer(t, headers, { '/version': version, '/info': info });
    return (await describeEngine(socketPath, within())).givesGpus;
  };
  assert.equal(await gives({ Runtimes: { runc: { path: 'runc' } }, CDISpecDirs: [] }), false);
  assert.equal(await gives({ Runtimes: { nvidia: { path: 'nvidia-container-runtime' } } }), true);
  const discovered = [{ Source: 'cdi', ID: 'nvidia.com/gpu=0' }];
  assert.equal(await gives({ CDISpecDirs: ['/nowhere'], DiscoveredDevices: discovered }), true);
});

test('one that is too old, or away, is said to be', async (t) => {
  const old = await answer(t, { 'api-version': '1.39' }, {});
  await assert.rejects(
    describeEngine(old, within()),
    (error) =>
      error instanceof Unavailable && /1\.40 \(Docker 19\.03\) or newer/.test(error.message),
  );
  await assert.rejects(describeEngine(join(tmpdir(), 'no.sock'), within()), Unavailable);
});
