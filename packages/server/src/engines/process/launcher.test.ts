import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { newId } from '../../lib/ids.ts';
import { makeSpec } from '../../testing/instance.ts';
import { silentLog } from '../../testing/log.ts';
import { exitOf, prints, start, textOf } from '../../testing/engine.ts';
import { createProcessEngine } from './process-engine.ts';
import { ask } from './launcher-client.ts';
import { launcherSocket } from './start-launcher.ts';
import type { Host, LauncherOptions } from './start-launcher.ts';

/** Says what is to be started and is gone before it is answered, as somebody who is killed. */
function askAndLeave(path: string, message: object): Promise<void> {
  const body = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return new Promise((resolve, reject) => {
    const socket = connect({ path }, () => {
      socket.write(Buffer.concat([length, body]), () => socket.destroy());
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}

async function openEngine(t: TestContext, prepare?: (options: LauncherOptions) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), 'grid-launcher-'));
  const options = { directory, isolation: 'none', allowedNetworks: [], log: silentLog } as const;
  await prepare?.(options);
  const engine = await createProcessEngine(options);
  t.after(async () => {
    await engine.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  return { directory, engine };
}

test('an instance runs to its end although whoever asked for it was killed before the answer', async (t) => {
  const { directory, engine } = await openEngine(t);
  const spec = makeSpec(directory, 'exit 0');
  await askAndLeave(launcherSocket(directory), { do: 'start', spec });
  for (;;) {
    t.signal.throwIfAborted();
    const [seen] = await engine.list(t.signal);
    if (seen?.state.status !== 'exited') continue;
    assert.equal(seen.state.exit.reason, 'exited', JSON.stringify(seen.state.exit));
    assert.equal(seen.state.exit.exitCode, 0);
    return;
  }
});

/** How many listen at this path, also those whose socket was taken away (proc_net(5): flag of listening). */
const countListeners = (path: string): number =>
  readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.includes(' 00010000 ') && line.endsWith(` ${path}`)).length;

test('a launcher that is gone is started again once, however many ask at the same time', async (t) => {
  const { directory, engine } = await openEngine(t);
  process.kill(engine.host.pid, 'SIGKILL');
  const path = launcherSocket(directory);
  while (countListeners(path) > 0) await new Promise((resolve) => setImmediate(resolve));
  const workloadId = newId('workload');
  const instances = Array.from({ length: 6 }, (_, number) => ({
    ...makeSpec(directory, 'exit 0'),
    workloadId,
    number,
  }));
  await engine.ensure({ workloadId, graceSeconds: 1, instances }, t.signal);
  assert.equal(countListeners(path), 1);
  await engine.remove(workloadId, 1, t.signal);
});

/** Starts a launcher of another version. */
async function startEarlier({ directory, isolation, allowedNetworks }: LauncherOptions) {
  const sources = join(directory, 'sources');
  cpSync(join(import.meta.dirname, 'supervisor'), sources, { recursive: true });
  appendFileSync(join(sources, 'messages.py'), '# as it was before\n');
  const options = JSON.stringify({ directory, isolation, allowedNetworks });
  spawn('python3', ['-I', '-S', join(sources, 'launcher.py'), options], { stdio: 'ignore' });
  const path = launcherSocket(directory);
  while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
}

test('a launcher of another version makes way for ours, and what it started goes on', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'grid-launcher-'));
  const spec = makeSpec(directory, 'echo up; exec sleep 600');
  let earlier = 0;
  const { engine } = await openEngine(t, async (options) => {
    await startEarlier(options);
    await askAndLeave(launcherSocket(options.directory), { do: 'start', spec });
    const signal = AbortSignal.timeout(30_000);
    ({ pid: earlier } = (await ask(
      launcherSocket(options.directory),
      { do: 'describe' },
      signal,
    )) as Host);
    await prints(spec, /up/, t);
  });
  assert.notEqual(engine.host.pid, earlier);
  assert.equal(existsSync(`/proc/${earlier}`), false);
  assert.equal((await engine.observe(spec.instanceId, t.signal))?.state.status, 'running');
  await engine.remove(spec.workloadId, 0, t.signal);
  rmSync(directory, { recursive: true, force: true });
});

/** Starts a launcher that finds a descriptor open besides its streams. */
async function startCareless({ directory, isolation, allowedNetworks }: LauncherOptions) {
  const program = join(import.meta.dirname, 'supervisor', 'launcher.py');
  const options = JSON.stringify({ directory, isolation, allowedNetworks });
  const stdio = ['ignore', 'ignore', 'ignore', 'ignore', 'pipe'] as const;
  spawn('python3', ['-I', '-S', program, options], { stdio: [...stdio] });
  const path = launcherSocket(directory);
  while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
}

const OPEN = 'for one in /proc/$$/fd/*; do if [ -e $one ]; then echo ${one##*/}; fi; done';

test('an instance has nothing open but its streams, whatever its launcher was started with', async (t) => {
  const { directory, engine } = await openEngine(t, startCareless);
  const spec = makeSpec(directory, OPEN);
  await start({ engine }, spec, t);
  await exitOf({ engine }, spec, t);
  assert.equal(await textOf(spec), '0\n1\n2');
});
