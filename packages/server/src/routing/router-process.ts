import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { RouteTable, RouterStatus } from './route-table.ts';
import { drainRouter, putTable, readStatus } from './router-client.ts';

export type RouterSettings = {
  directory: string;
  controlSocket: string;
  address: string;
  port: number;
  /** Namespaces that reach the instances, for an ordinary user; the port stays the host's. */
  namespaces: { userns: string; netns: string } | undefined;
  clock: Clock;
  log: Log;
};

export type RouterHandle = {
  status(signal: AbortSignal): Promise<RouterStatus>;
  version(signal: AbortSignal): Promise<number>;
  put(table: RouteTable, signal: AbortSignal): Promise<void>;
  /** A new router takes over the port; the old one finishes what it has. */
  replace(signal: AbortSignal): Promise<void>;
};

type Running = { socket: string; status: RouterStatus };

const READY_WITHIN = 20_000;
const program = join(import.meta.dirname, '..', 'roles', 'router.ts');
const entrance = join(import.meta.dirname, '..', 'engines', 'process', 'supervisor', 'enter.py');

/** The router of this data directory: the one that runs is adopted, else one is started. */
export async function openRouter(
  settings: RouterSettings,
  signal: AbortSignal,
): Promise<RouterHandle> {
  await mkdir(settings.directory, { recursive: true, mode: 0o700 });
  let starting: Promise<Running> | undefined;
  /** The running router, started again where it died. */
  const current = async (within: AbortSignal): Promise<Running> => {
    const [newest] = await findRouters(settings.directory, within);
    if (newest !== undefined) return newest;
    starting ??= start(settings, within).finally(() => {
      starting = undefined;
    });
    return starting;
  };
  await current(signal);
  return {
    status: async (within) => (await current(within)).status,
    version: async (within) => (await current(within)).status.tableVersion,
    async put(table, within) {
      await putTable((await current(within)).socket, table, within);
    },
    async replace(within) {
      const old = await current(within);
      await start({ ...settings, port: old.status.publicPort }, within);
      await drainRouter(old.socket, within);
    },
  };
}

/** Ends every router of the directory: the port is free when this resolves. */
export async function endRouters(directory: string, signal: AbortSignal): Promise<void> {
  for (const { status } of await findRouters(directory, signal)) end(status.pid);
  while ((await findRouters(directory, signal)).length > 0) await wait(20, undefined, { signal });
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Those that answer on their sockets, the one started last first. */
async function findRouters(directory: string, signal: AbortSignal): Promise<Running[]> {
  const names = (await readdir(directory)).filter((name) => /^router-\d+\.sock$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const socket = join(directory, name);
      const status = await readStatus(socket, signal).catch(() => undefined);
      return status === undefined ? [] : [{ socket, status }];
    }),
  );
  return found.flat().toSorted((a, b) => b.status.pid - a.status.pid);
}

async function start(settings: RouterSettings, signal: AbortSignal): Promise<Running> {
  const { directory, log } = settings;
  const before = new Set((await findRouters(directory, signal)).map(({ socket }) => socket));
  const output = openSync(join(directory, 'router.log'), 'a', 0o600);
  const { file, args } = commandLine(settings);
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      NODE_COMPILE_CACHE: join(directory, 'compile-cache'),
    },
  });
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code) => (ended = `exit code ${code}`));
  child.unref();
  const within = AbortSignal.any([signal, AbortSignal.timeout(READY_WITHIN)]);
  for (;;) {
    const started = (await findRouters(directory, within)).find(
      ({ socket }) => !before.has(socket),
    );
    if (started !== undefined) {
      log.info({ pid: started.status.pid, port: started.status.publicPort }, 'router started');
      return started;
    }
    if (ended !== undefined)
      throw new Error(
        `the router could not start on port ${settings.port} (${ended}): see router.log`,
      );
    await wait(20, undefined, { signal: within });
  }
}

function commandLine(settings: RouterSettings): { file: string; args: string[] } {
  const { directory, controlSocket, address, port, namespaces } = settings;
  const where = ['--directory', directory, '--control-socket', controlSocket];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', program, ...where];
  if (namespaces === undefined || namespaces.userns === '') {
    const [file = '', ...args] = node;
    return { file, args: [...args, '--address', address, '--port', String(port)] };
  }
  const enter = [entrance, namespaces.userns, namespaces.netns, address, String(port)];
  return { file: 'python3', args: ['-I', '-S', ...enter, ...node, '--descriptor', '3'] };
}
