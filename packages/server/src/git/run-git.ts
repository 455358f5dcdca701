import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams, SpawnOptions, StdioPipe } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { withUmask } from '../lib/with-umask.ts';
import { findJail, warnOf } from './find-jail.ts';
import { giveToGit } from './give-to-git.ts';
import { planGit } from './plan-git.ts';
import type { GitPlan, Jail, Place } from './plan-git.ts';
import { writeHooks } from './write-hooks.ts';

/** What git sees of this machine: its own path, and no settings but ours. */
const ENVIRONMENT = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: '',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_LITERAL_PATHSPECS: '1',
  HOME: '/nonexistent',
};

type Environment = Readonly<Record<string, string>>;

/** Git at work, in its jail. */
export type GitProcess = ChildProcessWithoutNullStreams & {
  /** Tells it and all that it started to end, and kills them where they do not. */
  end(): void;
};

/** Two more pipes than usual, which git hands down to its hooks: what they ask, and the answer. */
export type HookedGit = GitProcess & { hookAsks: Readable; hookIsTold: Writable };

export type Order = {
  args: readonly string[];
  /** Another program than git. */
  program?: readonly string[];
  environment?: Environment;
};

/** Git by its arguments, on a repository. */
export const spawnGit = async (place: Place, order: Order): Promise<GitProcess> =>
  start(await prepare(place, order), order, THREE);

/** The same with pipes to its hooks: descriptor 3 is theirs to write, 4 to read. */
export async function spawnHookedGit(place: Place, order: Order): Promise<HookedGit> {
  const child = start(await prepare(place, order), order, [...THREE, 'pipe', 'pipe']);
  const [, , , hookAsks, hookIsTold] = child.stdio as unknown as (Readable & Writable)[];
  if (hookAsks === undefined || hookIsTold === undefined)
    throw new Error('five pipes were asked for');
  return Object.assign(child, { hookAsks, hookIsTold });
}

const THREE: StdioPipe[] = ['pipe', 'pipe', 'pipe'];
/** Until what was told to end is killed: what git leaves half-done it clears away meanwhile. */
const GRACE = 5 * SECOND;

function start(plan: GitPlan, { environment }: Order, stdio: StdioPipe[]): GitProcess {
  const { cwd, user } = plan;
  const [file, ...args] = plan.argv;
  const options: SpawnOptions = {
    cwd,
    env: { ...ENVIRONMENT, ...plan.environment, ...environment },
    stdio,
    // a group of its own, so that whatever it starts is ended with it
    detached: true,
    ...(user !== undefined && { uid: user, gid: user }),
  };
  const child = withUmask(plan.umask, () =>
    spawn(file, args, options),
  ) as ChildProcessWithoutNullStreams;
  // whoever waits for it, or reads a pipe, learns of its errors; nobody else has to
  for (const one of [child, ...child.stdio]) one?.on('error', () => undefined);
  return Object.assign(child, { end: () => endGroup(child) });
}

function endGroup(child: ChildProcessWithoutNullStreams): void {
  const { pid, exitCode, signalCode } = child;
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE);
  child.once('close', () => clearTimeout(timer));
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const jails = new Map<string, Promise<Jail>>();

/** What everything of git on a data directory runs in; found, and the hooks written, at the first use. */
function openJail(hooks: string): Promise<Jail> {
  const known = jails.get(hooks);
  if (known !== undefined) return known;
  const opening = writeHooks(hooks).then(() => findJail(dirname(hooks), works));
  jails.set(hooks, opening);
  opening.catch(() => jails.delete(hooks));
  return opening;
}

/** What an operator should know of how git is kept apart on this machine. */
export const warnOfGit = async (hooks: string): Promise<string[]> => warnOf(await openJail(hooks));

async function prepare(place: Place, order: Order): Promise<GitPlan> {
  const jail = await openJail(place.hooks);
  if (jail.ownUser) await giveToGit(place);
  return planGit(jail, place, order);
}

async function works(plan: GitPlan): Promise<boolean> {
  const child = start(plan, { args: [] }, THREE);
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  const [code] = (await once(child, 'close').catch(() => [null])) as [number | null];
  return code === 0;
}

export type Asking = {
  signal?: AbortSignal | undefined;
  environment?: Environment;
  program?: readonly string[];
  /** How long it may take. */
  within?: number;
};

/** Why git did not do what it was asked: its own words, and its exit code where it gave up by itself. */
export class GitFailed extends Error {
  override readonly name = 'GitFailed';
  readonly code: number | null;
  readonly words: string;

  constructor(what: string, code: number | null, words: string) {
    super(`git ${what} failed (exit code ${code}): ${words}`);
    this.code = code;
    this.words = words;
  }
}

/** What git printed. Throws `GitFailed` where it failed, and the signal's reason where that aborted. */
export async function git(
  place: Place,
  args: readonly string[],
  { signal, within = MINUTE, ...order }: Asking = {},
): Promise<string> {
  const child = await spawnGit(place, { args, ...order });
  child.stdin.end();
  const [out, err, code] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    endOf(child, AbortSignal.any([...(signal ? [signal] : []), AbortSignal.timeout(within)])),
  ]);
  if (code !== 0) throw new GitFailed(args[0] ?? '', code, err.trim());
  return out;
}

/** Its exit code, once it has ended; ended early, it throws the signal's reason. */
export async function endOf(child: GitProcess, signal: AbortSignal): Promise<number | null> {
  if (signal.aborted) child.end();
  signal.addEventListener('abort', child.end, { once: true });
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', child.end);
  if (code !== 0) signal.throwIfAborted();
  return code;
}

/** What git prints for us is short. */
const LONGEST_ANSWER = 16 * 1024 ** 2;

async function read(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += (part as Buffer).length;
    if (bytes > LONGEST_ANSWER) throw new Error('git printed more than was expected');
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}
