import { execFile, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ask } from './launcher-client.ts';

/** What the launcher found on this machine. */
export type Host = {
  pid: number;
  isolated: boolean;
  root: boolean;
  cgroups: boolean;
  warnings: readonly string[];
  /** The Python that it runs with. */
  python: string;
  /** The platform's network namespace, and its user namespace where it has one. */
  network: { userns: string; netns: string } | null;
};

export type LauncherOptions = {
  directory: string;
  isolation: 'auto' | 'none';
  allowedNetworks: readonly string[];
};

const program = join(import.meta.dirname, 'supervisor', 'launcher.py');
const READY_WITHIN = 30_000;

export const launcherSocket = (directory: string): string => join(directory, 'launcher.sock');

/** The launcher of this directory: the one that runs, else a new one in a session of its own. */
export async function adoptLauncher(options: LauncherOptions, signal: AbortSignal): Promise<Host> {
  const path = launcherSocket(options.directory);
  const known = await describeHost(path, signal);
  if (known !== undefined) return known;
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const output = openSync(join(options.directory, 'launcher.log'), 'a', 0o600);
  const python = await findPython();
  const child = spawn(python, ['-I', '-S', program, JSON.stringify(options)], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`the launcher ended (exit code ${code}): see launcher.log`)),
    );
  });
  failed.catch(() => undefined);
  child.unref();
  return Promise.race([failed, whenReady(path, signal)]);
}

/** What the running launcher says of the machine, or undefined where none answers. */
const describeHost = (path: string, signal: AbortSignal): Promise<Host | undefined> =>
  ask(path, { do: 'describe' }, signal).then(
    (answer) => answer as Host,
    () => undefined,
  );

async function whenReady(path: string, signal: AbortSignal): Promise<Host> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(READY_WITHIN)]);
  for (;;) {
    const host = await describeHost(path, within);
    if (host !== undefined) return host;
    await wait(20, undefined, { signal: within });
  }
}

const run = promisify(execFile);

/** A Python 3.9 or newer that answers; the system's own first, since it needs nothing mounted. */
async function findPython(): Promise<string> {
  for (const name of ['/usr/bin/python3', 'python3', '/usr/local/bin/python3']) {
    const answer = await run(name, [
      '-I',
      '-c',
      'import sys; print(sys.executable, sys.version_info >= (3, 9))',
    ])
      .then(({ stdout }) => stdout.trim().split(' '))
      .catch(() => []);
    if (answer[0] !== undefined && answer[1] === 'True') return answer[0];
  }
  throw new Error('Python 3.9 or newer is needed to run applications: apt-get install python3');
}
