import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { pack } from 'tar-stream';
import { createDockerClient } from '../engines/docker/client.ts';
import type { DockerClient } from '../engines/docker/client.ts';
import { need, needProgram } from './need.ts';

/** A Docker engine of the tests' own: what runs on the machine's is left alone. */
export type Docker = {
  socketPath: string;
  client: DockerClient;
  /** Kills it, and starts it again where it was. */
  restart(): Promise<void>;
  /** Kills it, and leaves it away. */
  kill(): Promise<void>;
  start(): Promise<void>;
};

const WITHIN = 60_000;

/** The engine of this test file, once for all of its tests. */
let shared: Promise<Docker & { end(): Promise<void> }> | undefined;

/** The tests' Docker engine, or undefined where this machine cannot have one. */
export async function openDocker(t: TestContext): Promise<Docker | undefined> {
  if (!needProgram(t, 'dockerd', 'docker.io')) return undefined;
  if (!need(t, process.getuid?.() === 0, 'root, which an engine of the tests’ own needs'))
    return undefined;
  shared ??= startDocker();
  return shared;
}

/** For `after` of a test file. */
export async function closeDocker(): Promise<void> {
  await (await shared)?.end();
  shared = undefined;
  imported = undefined;
}

/** An engine of its own, for who ends it; needs dockerd, and root. */
export async function startDocker(): Promise<Docker & { end(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'grid-docker-'));
  const socketPath = join(directory, 'docker.sock');
  const client = createDockerClient(socketPath);
  const bridge = addBridge();
  let daemon: ChildProcess | undefined;
  /** Engines that start in the same moment change the machine's firewall under each other. */
  const start = async (triesLeft = 5): Promise<void> => {
    daemon = spawnDaemon(directory, { socketPath, bridge });
    try {
      await untilReady(client, { daemon, directory });
    } catch (error) {
      if (triesLeft === 0 || !String(error).includes('iptables failed')) throw error;
      await start(triesLeft - 1);
    }
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (daemon === undefined || daemon.exitCode !== null) return;
    const over = once(daemon, 'exit');
    daemon.kill(signal);
    await over;
    // what they name may be a process that nobody has buried yet
    for (const name of ['pid', 'exec/containerd/containerd.pid'])
      rmSync(join(directory, name), { force: true });
  };
  await start();
  return {
    socketPath,
    client,
    start: () => start(),
    kill: () => kill(),
    async restart() {
      await kill();
      await start();
    },
    async end() {
      await removeAll(client).catch(() => undefined);
      await kill('SIGTERM');
      execFileSync('ip', ['link', 'delete', bridge]);
      sweep(directory);
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A default bridge for one engine alone: two would give out the same addresses on docker0. */
function addBridge(): string {
  const { number, bridge } = chooseBridge();
  execFileSync('ip', ['link', 'add', bridge, 'type', 'bridge']);
  const [high, low] = [16 + (number >> 8), number & 255];
  execFileSync('ip', ['address', 'add', `10.${200 + high}.${low}.1/24`, 'dev', bridge]);
  execFileSync('ip', ['link', 'set', bridge, 'up']);
  return bridge;
}

/** One that no other test has, and none has left behind that was killed. */
function chooseBridge(): { number: number; bridge: string } {
  for (;;) {
    const number = randomInt(0, 4096);
    const bridge = `grid-${number}`;
    if (!existsSync(`/sys/class/net/${bridge}`)) return { number, bridge };
  }
}

/** A bridge of the machine's outlives the engine that made it. */
async function removeAll(client: DockerClient): Promise<void> {
  const signal = AbortSignal.timeout(WITHIN);
  type Thing = { Id: string; Name?: string };
  const gone = { method: 'DELETE', query: { force: true, v: true } } as const;
  const containers = { path: '/containers/json', query: { all: true } };
  for (const { Id } of await client.ask<Thing[]>(containers, signal))
    await client.ask({ ...gone, path: `/containers/${Id}` }, signal);
  for (const { Id, Name = '' } of await client.ask<Thing[]>({ path: '/networks' }, signal))
    if (!['bridge', 'host', 'none'].includes(Name))
      await client.ask({ method: 'DELETE', path: `/networks/${Id}` }, signal);
}

/** Ends what a test that failed has left. */
function sweep(directory: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory))
        process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it ended by itself
    }
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const inside = mounts.map((line) => line.split(' ')[1] ?? '');
  for (const path of inside.filter((one) => one.startsWith(directory)).toReversed())
    execFileSync('umount', ['--lazy', path]);
}

/** With its own data, bridge and rules; what runs survives it. */
function spawnDaemon(
  directory: string,
  { socketPath, bridge }: { socketPath: string; bridge: string },
): ChildProcess {
  const log = openSync(join(directory, 'log'), 'a');
  const at = (name: string): string => join(directory, name);
  const folders = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')];
  const network = ['--bridge', bridge, '--host', `unix://${socketPath}`];
  const child = spawn('dockerd', [...folders, ...network, '--live-restore'], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...process.env, PATH: `${addToolkit(directory)}:${process.env['PATH'] ?? ''}` },
  });
  closeSync(log);
  return child;
}

/**
 * What the engine calls to give GPUs to a container, in place of NVIDIA's: it makes a file like /dev/null for each
 * of those that were asked for, while the container is made.
 */
const TOOLKIT = `#!/usr/bin/env python3
import json, subprocess, sys
state = json.load(sys.stdin)
with open(state['bundle'] + '/config.json') as file:
    config = json.load(file)
variables = dict(one.split('=', 1) for one in config['process']['env'])
for uuid in variables['NVIDIA_VISIBLE_DEVICES'].split(','):
    path = config['root']['path'] + '/dev/nvidia-' + uuid
    inside = ['nsenter', '--target', str(state['pid']), '--mount']
    subprocess.run([*inside, 'mknod', '--mode=666', path, 'c', '1', '3'], check=True)
`;

/** The file by which a container sees a device that it was given so. */
export const fileInContainer = (uuid: string): string => `/dev/nvidia-${uuid}`;

function addToolkit(directory: string): string {
  const folder = join(directory, 'toolkit');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'nvidia-container-runtime-hook'), TOOLKIT, { mode: 0o755 });
  return folder;
}

async function untilReady(
  client: DockerClient,
  { daemon, directory }: { daemon: ChildProcess; directory: string },
): Promise<void> {
  const signal = AbortSignal.timeout(WITHIN);
  for (;;) {
    const there = await client.ask<object>({ path: '/info' }, signal).catch(() => undefined);
    if (there !== undefined) return;
    if (daemon.exitCode !== null || signal.aborted)
      throw new Error(`dockerd did not start:\n${readFileSync(join(directory, 'log'), 'utf8')}`);
    await wait(20);
  }
}

/** An image with a shell and small programs, in every engine of `openBusybox`. */
export const BUSYBOX = 'grid-busybox:1';

let imported: Promise<boolean> | undefined;

/** The tests' Docker engine with that image in it. */
export async function openBusybox(t: TestContext): Promise<Docker | undefined> {
  const docker = await openDocker(t);
  if (docker === undefined) return undefined;
  imported ??= importBusybox(docker, BUSYBOX, t);
  return (await imported) ? docker : undefined;
}

const PROGRAMS = ['/bin/busybox', '/usr/bin/busybox'];

/** An image with a shell and the small programs of busybox, made on this machine. */
async function importBusybox(
  docker: Pick<Docker, 'client'>,
  image: string,
  t: TestContext,
): Promise<boolean> {
  const made = await makeBusybox(docker, image, t.signal);
  return need(t, made, 'busybox (apt-get install busybox-static)');
}

/** Makes that image; false where this machine has no busybox. */
export async function makeBusybox(
  { client }: Pick<Docker, 'client'>,
  image: string,
  signal: AbortSignal,
): Promise<boolean> {
  const busybox = PROGRAMS.find((path) => existsSync(path));
  if (busybox === undefined) return false;
  const archive = pack();
  archive.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync(busybox));
  const programs = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const name of programs.filter((one) => one !== 'busybox'))
    archive.entry({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' });
  archive.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
  archive.finalize();
  const [repo, tag] = image.split(':');
  const query = { fromSrc: '-', repo, tag };
  const body = Readable.from(archive);
  await text(await client.open({ method: 'POST', path: '/images/create', query, body }, signal));
  return true;
}
