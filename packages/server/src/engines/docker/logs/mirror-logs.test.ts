import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Unavailable } from '../../../lib/unavailable.ts';
import { openLogReader } from '../../../logs/read-log.ts';
import { BUSYBOX, closeDocker, openBusybox } from '../../../testing/docker.ts';
import { until } from '../../../testing/until.ts';
import { createDockerClient } from '../client.ts';
import type { DockerClient } from '../client.ts';
import { finishLog, mirrorLogs } from './mirror-logs.ts';
import type { MirroredLog } from './mirror-logs.ts';

after(closeDocker);

const drivers = ['local', 'json-file'] as const;

type Fixture = { client: DockerClient; socketPath: string; log: MirroredLog };

type Options = { driver?: string; masked?: readonly string[]; maxSize?: string };

/** A container that runs this command, and an empty place for its log. */
async function run(
  t: TestContext,
  command: string,
  { driver = 'local', masked = [], maxSize = '20m' }: Options = {},
): Promise<Fixture | undefined> {
  const docker = await openBusybox(t);
  if (docker === undefined) return undefined;
  const { client, socketPath } = docker;
  const body = {
    Image: BUSYBOX,
    Cmd: ['sh', '-c', command],
    HostConfig: {
      NetworkMode: 'none',
      LogConfig: { Type: driver, Config: { 'max-size': maxSize, 'max-file': '20' } },
    },
  };
  const made = { method: 'POST', path: '/containers/create', body } as const;
  const { Id: containerId } = await client.ask<{ Id: string }>(made, t.signal);
  const folder = mkdtempSync(join(tmpdir(), 'grid-mirror-'));
  t.after(async () => {
    const path = `/containers/${containerId}`;
    const gone = { method: 'DELETE', path, query: { force: true } } as const;
    await client.ask(gone, AbortSignal.timeout(20_000));
    rmSync(folder, { recursive: true });
  });
  const start = { method: 'POST', path: `/containers/${containerId}/start` } as const;
  await client.ask(start, t.signal);
  const [directory, positionFile] = [join(folder, 'log'), join(folder, 'position')];
  return {
    client,
    socketPath,
    log: { containerId, directory, positionFile, budgetMiB: 1024, masked },
  };
}

const waitForEnd = ({ client, log }: Fixture, signal: AbortSignal): Promise<unknown> =>
  client.ask({ method: 'POST', path: `/containers/${log.containerId}/wait` }, signal);

const readerOf = (directory: string) =>
  openLogReader({ id: 'one', directory, instanceId: 'one', deploymentId: 'deployment' });

async function linesOf({ directory }: MirroredLog, stream?: 'stdout' | 'stderr') {
  const reader = readerOf(directory);
  const lines: string[] = [];
  while (!reader.ended()) {
    const more = await reader.read();
    const wanted = more.filter((line) => stream === undefined || line.stream === stream);
    lines.push(...wanted.map(({ text }) => text));
  }
  return lines;
}

const sizeOf = ({ directory }: MirroredLog): number =>
  statSync(join(directory, '00000001.log'), { throwIfNoEntry: false })?.size ?? 0;

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1));

for (const driver of drivers) {
  test(`both streams are there, in order and whole (${driver})`, async (t) => {
    const command = 'for i in $(seq 5000); do echo $i; echo e$i >&2; done; printf end';
    const fixture = await run(t, command, { driver });
    if (fixture === undefined) return;
    await mirrorLogs(fixture.client, fixture.log, t.signal);
    finishLog(fixture.log, { lines: ['It is over.'], at: 1 });
    assert.deepEqual(await linesOf(fixture.log, 'stdout'), [...numbers(5000), 'end']);
    const errors = await linesOf(fixture.log, 'stderr');
    assert.deepEqual(
      errors,
      numbers(5000).map((one) => `e${one}`),
    );
    const all = await linesOf(fixture.log);
    assert.equal(all.length, 10_002);
    assert.ok(all.includes('It is over.'));
  });

  test(`one that is cut off again and again is there once (${driver})`, async (t) => {
    const fixture = await run(t, 'seq 40000; seq 20000 >&2', { driver });
    if (fixture === undefined) return;
    const { client, log } = fixture;
    for (let cuts = 1; cuts < 6; cuts += 1) {
      const cut = new AbortController();
      const mirrored = mirrorLogs(client, log, cut.signal).catch(() => cut.signal.aborted);
      await until(() => sizeOf(log) > cuts * 100_000);
      cut.abort();
      assert.equal(await mirrored, true);
    }
    await mirrorLogs(client, log, t.signal);
    finishLog(log, { lines: [], at: 1 });
    assert.deepEqual(await linesOf(log, 'stdout'), numbers(40_000));
    assert.deepEqual(await linesOf(log, 'stderr'), numbers(20_000));
  });

  test(`a file that the engine begins loses and repeats nothing (${driver})`, async (t) => {
    const some = 'seq $((i * 3000 + 1)) $((i * 3000 + 3000)); sleep 0.1; i=$((i + 1))';
    const command = `i=0; while [ $i -lt 20 ]; do ${some}; done`;
    const fixture = await run(t, command, { driver, maxSize: '1m' });
    if (fixture === undefined) return;
    await mirrorLogs(fixture.client, fixture.log, t.signal);
    finishLog(fixture.log, { lines: [], at: 1 });
    assert.deepEqual(await linesOf(fixture.log), numbers(60_000));
  });

  test(`one that is over already is read whole, long lines too (${driver})`, async (t) => {
    const line = 'x'.repeat(100);
    const long = `i=0; while [ $i -lt 1000 ]; do printf ${line}; i=$((i+1)); done; echo`;
    const fixture = await run(t, `${long}; ${long}; echo done`, { driver });
    if (fixture === undefined) return;
    await waitForEnd(fixture, t.signal);
    await mirrorLogs(fixture.client, fixture.log, t.signal);
    finishLog(fixture.log, { lines: [], at: 1 });
    const lines = await linesOf(fixture.log);
    const found = [lines.slice(0, 2).join(''), lines.slice(2, 4).join(''), ...lines.slice(4)];
    assert.deepEqual(found, ['x'.repeat(100_000), 'x'.repeat(100_000), 'done']);
  });
}

test('masked values are nowhere, though they come in pieces', async (t) => {
  const command = 'printf "it is hun"; printf ter22; echo ", ok"; printf hunter22';
  const fixture = await run(t, command, { masked: ['hunter22'] });
  if (fixture === undefined) return;
  await mirrorLogs(fixture.client, fixture.log, t.signal);
  finishLog(fixture.log, { lines: [], at: 1 });
  assert.deepEqual(await linesOf(fixture.log), ['it is ***, ok', '***']);
});

test('what is written is there while it runs', async (t) => {
  const fixture = await run(t, 'echo ready; exec sleep 1000');
  if (fixture === undefined) return;
  const left = new AbortController();
  const mirrored = mirrorLogs(fixture.client, fixture.log, left.signal);
  const reader = readerOf(fixture.log.directory);
  await until(async () => (await reader.read()).some(({ text }) => text === 'ready'));
  left.abort();
  await assert.rejects(mirrored, { name: 'AbortError' });
});

test('what was closed is left alone, and of one that is gone there is nothing more', async (t) => {
  const fixture = await run(t, 'echo one');
  if (fixture === undefined) return;
  const { client, log } = fixture;
  await mirrorLogs(client, log, t.signal);
  await mirrorLogs(client, log, t.signal);
  await mirrorLogs(client, { ...log, containerId: 'f'.repeat(64) }, t.signal);
  for (const line of ['over', 'again']) finishLog(log, { lines: [line], at: 1 });
  await mirrorLogs(client, log, t.signal);
  assert.deepEqual((await linesOf(log)).toSorted(), ['one', 'over']);
  assert.equal(existsSync(log.positionFile), false);
});

test('an engine that goes away is unavailable, and later nothing is missing', async (t) => {
  const fixture = await run(t, 'seq 1000; sleep 1; seq 1001 2000');
  if (fixture === undefined) return;
  const { log, socketPath } = fixture;
  const passage = join(log.directory, '..', 'engine.sock');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(socketPath);
    for (const one of [near, far]) sockets.add(one.on('error', () => undefined));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(passage, resolve));
  const mirrored = mirrorLogs(createDockerClient(passage), log, t.signal);
  const reader = readerOf(log.directory);
  await until(async () => (await reader.read()).length > 0);
  server.close();
  for (const socket of sockets) socket.destroy();
  await assert.rejects(mirrored, Unavailable);
  await assert.rejects(mirrorLogs(createDockerClient(passage), log, t.signal), Unavailable);
  await mirrorLogs(fixture.client, log, t.signal);
  finishLog(log, { lines: [], at: 1 });
  assert.deepEqual(await linesOf(log), numbers(2000));
});
