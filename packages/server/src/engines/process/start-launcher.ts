import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ask } from './launcher-client.ts';

/** What the launcher found on this machine. */
export type Host = {
  pid: number;
  /** What it was started from; one of an earlier version says something else, or nothing. */
  program?: string;
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
  /** `none` as on a machine where they cannot be written. */
  controlGroups?: 'auto' | 'none';
};

const home = join(import.meta.dirname, 'supervisor');
const program = join(home, 'launcher.py');
const READY_WITHIN = 30_000;

export const launcherSocket = (directory: string): string => join(directory, 'launcher.sock');

/** Starts that are under way, by directory. */
const starts = new Map<string, Promise<Host>>();

/**
 * The launcher of this directory: the one that runs, if it is of this version, else a new one; many who ask at once
 * get the same.
 */
export function adoptLauncher(options: LauncherOptions): Promise<Host> {
  const { directory } = options;
  const underWay = starts.get(directory) ?? adopt(options).finally(() => starts.delete(directory));
  starts.set(directory, underWay);
  return underWay;
}

/** In a session of its own, where it is started; rejects where it is not ready in half a minute. */
async function adopt(options: LauncherOptions): Promise<Host> {
  const path = launcherSocket(options.directory);
  const signal = AbortSignal.timeout(READY_WITHIN);
  const known = await describeHost(path, signal);
  if (known !== undefined && known.program === (await fingerprint())) return known;
  if (known !== undefined) await endLauncher(known.pid, signal);
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const log = join(options.directory, 'launcher.log');
  const output = openSync(log, 'a', 0o600);
  const python = await findPython();
  const child = spawn(python, ['-I', '-S', program, JSON.stringify(options)], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
  });
  closeSync(output);
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => void explainEnd(code, log).then(reject));
  });
  failed.catch(() => undefined);
  child.unref();
  return Promise.race([failed, whenReady(path, signal)]);
}

/** Names these sources as the launcher names those that it was started from. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(home)).filter((name) => /\.(py|txt)$/.test(name));
  for (const name of names.toSorted()) hash.update(await readFile(join(home, name)));
  return hash.digest('hex');
}

/** What it has started goes on; resolves when nobody is there whom the next one could be taken for. */
async function endLauncher(pid: number, signal: AbortSignal): Promise<void> {
  try {
    for (process.kill(pid, 'SIGTERM'); ; process.kill(pid, 0)) await wait(5, undefined, { signal });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function explainEnd(code: number | null, log: string): Promise<Error> {
  const last = (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-5);
  return new Error(
    `the launcher ended (exit code ${code}), and says in ${log}:\n${last.join('\n')}`,
  );
}

/** What the running launcher says of the machine, or undefined where none answers. */
const describeHost = (path: string, signal: AbortSignal): Promise<Host | undefined> =>
  ask(path, { do: 'describe' }, signal).then(
    (answer) => answer as Host,
    () => undefined,
  );

async function whenReady(path: string, signal: AbortSignal): Promise<Host> {
  for (;;) {
    const host = await describeHost(path, signal);
    if (host !== undefined) return host;
    await wait(20, undefined, { signal });
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
