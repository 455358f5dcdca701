import { spawn } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CannotStart } from '../lib/cannot-start.ts';
import { digestProgram } from './program-digest.ts';
import type { RouterStatus } from './route-table.ts';
import { readStatus, startSuccessor } from './router-client.ts';
import type { Command } from './router-client.ts';
import { describeSettings } from './router-settings.ts';
import type { RouterSettings } from './router-settings.ts';

/** A router that answers on its socket. */
export type Running = { socket: string; status: RouterStatus };

const READY_WITHIN = 20_000;
const ANSWERS_WITHIN = 5_000;
/** The listening sockets for http and https, in a router's process. */
export const LISTENERS = [3, 4] as const;

const program = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '..', 'roles', 'router.ts'),
];
const entrance = join(import.meta.dirname, '..', 'engines', 'process', 'supervisor', 'enter.py');

/** Read once: this process starts routers of its own sources, as they were when it began. */
const digest = digestProgram(join(import.meta.dirname, '..'));

export const startedWith = (settings: RouterSettings) =>
  describeSettings(settings, [...program, digest]);

const NAME = /^router-(\d+)\.sock$/;
const numberOf = (name: string): number => Number(NAME.exec(name)?.[1] ?? 0);

/** Those that answer on their sockets, the one started last first. */
export async function findRouters(directory: string, signal: AbortSignal): Promise<Running[]> {
  const names = (await readdir(directory)).filter((name) => NAME.test(name));
  const found = await Promise.all(
    names
      .toSorted((a, b) => numberOf(b) - numberOf(a))
      .map((name) => find(join(directory, name), signal)),
  );
  return found.filter((one) => one !== undefined);
}

const soon = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN)]);

async function find(socket: string, signal: AbortSignal): Promise<Running | undefined> {
  const status = await readStatus(socket, soon(signal)).catch(() => undefined);
  signal.throwIfAborted();
  return status && { socket, status };
}

/** Sockets are numbered in the order of starts: process ids are used again. */
async function nextSocket(directory: string, signal: AbortSignal): Promise<string> {
  const names = (await readdir(directory)).filter((name) => NAME.test(name));
  await Promise.all(names.map((name) => removeAbandoned(join(directory, name), signal)));
  const last = Math.max(0, ...names.map(numberOf));
  return join(directory, `router-${last + 1}.sock`);
}

/** Removes the socket of a router that was killed. */
async function removeAbandoned(socket: string, signal: AbortSignal): Promise<void> {
  const code = await readStatus(socket, soon(signal)).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
  if (code === 'ECONNREFUSED') await rm(socket, { force: true });
}

/** A port to open: where others use it already, that is refused, unless it is `shared` with a router of ours. */
export type Port = { number: number; use: 'own' | 'shared' };

/** Starts a router with listening sockets of its own. */
export async function startRouter(
  settings: RouterSettings,
  ports: { http: Port; https: Port },
  signal: AbortSignal,
): Promise<Running> {
  const { directory, address, namespaces, python } = settings;
  const socket = await nextSocket(directory, signal);
  const { userns = '', netns = '' } = namespaces ?? {};
  const listeners = [ports.http, ports.https].map(({ number, use }) => `${use}:${number}`);
  const enter = ['-I', '-S', entrance, userns, netns, address, ...listeners];
  const { file, args } = routerCommand(settings, socket);
  const output = openSync(join(directory, 'router.log'), 'a', 0o600);
  return awaitStart(settings, { socket, signal }, () =>
    spawnRouter({ file: python, args: [...enter, file, ...args] }, ['ignore', output, output], {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      ...compileCache(),
    }).finally(() => closeSync(output)),
  );
}

/** Where this process keeps what it compiled: with that at hand a process needs 20 MiB less. */
function compileCache(): { NODE_COMPILE_CACHE?: string } {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

/** Starts a router that inherits the listening sockets of one that runs: no connection is lost. */
export async function succeedRouter(
  settings: RouterSettings,
  running: Running,
  signal: AbortSignal,
): Promise<Running> {
  const socket = await nextSocket(settings.directory, signal);
  return awaitStart(settings, { socket, signal }, async () => {
    const command = routerCommand(settings, socket);
    return (await startSuccessor(running.socket, command, signal)).pid;
  });
}

/** For the router that is succeeded: starts the other with its own output and listening sockets. */
export const spawnSuccessor = (command: Command): Promise<number> =>
  spawnRouter(command, ['ignore', 1, 2, ...LISTENERS]);

function routerCommand(settings: RouterSettings, socket: string): Command {
  const [file = '', ...args] = program;
  const { directory, controlSocket, certificate, connectionsPerApplication } = settings;
  const options = {
    directory,
    'control-socket': controlSocket,
    socket,
    certificate: certificate.certificate,
    key: certificate.key,
    'connections-per-application': String(connectionsPerApplication),
    'started-with': JSON.stringify(startedWith(settings)),
  };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return { file, args: [...args, ...words] };
}

function spawnRouter(
  { file, args }: Command,
  stdio: StdioOptions,
  env?: Record<string, string>,
): Promise<number> {
  const child = spawn(file, args, { detached: true, stdio, ...(env && { env }) });
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
}

/** Resolves when the router answers; one that ends before says why in its log. */
async function awaitStart(
  { directory }: RouterSettings,
  { socket, signal }: { socket: string; signal: AbortSignal },
  spawned: () => Promise<number>,
): Promise<Running> {
  const log = join(directory, 'router.log');
  const before = await readLog(log);
  const pid = await spawned();
  const within = AbortSignal.any([signal, AbortSignal.timeout(READY_WITHIN)]);
  for (;;) {
    const running = await find(socket, within);
    if (running !== undefined) return running;
    if (!signalRouter(pid, 0)) {
      const said = (await readLog(log)).slice(before.length).trim().split('\n').at(-1);
      throw new CannotStart(`The router could not start: ${said || `see ${log}`}`);
    }
    await wait(20, undefined, { signal: within });
  }
}

const readLog = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** Ends every router of the directory: the port is free when this resolves. */
export async function endRouters(directory: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const running = await findRouters(directory, signal);
    if (running.length === 0) return;
    for (const { status } of running) signalRouter(status.pid, 'SIGKILL');
    await wait(20, undefined, { signal });
  }
}

/** False where the process is gone. */
function signalRouter(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}
