import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

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

const withDefaults = (args: readonly string[]): string[] => ['-c', 'safe.directory=*', ...args];

/** Git by its arguments; repositories are ours, whoever's user id they were made with. */
export const spawnGit = (
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams =>
  spawn('git', withDefaults(args), { env: { ...ENVIRONMENT, ...environment }, stdio: 'pipe' });

/** Two more pipes than usual, which git hands down to its hooks: what they ask, and the answer. */
export type HookedGit = ChildProcessWithoutNullStreams & {
  hookAsks: Readable;
  hookIsTold: Writable;
};

/** The same with pipes to its hooks: descriptor 3 is theirs to write, 4 to read. */
export function spawnHookedGit(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): HookedGit {
  const child = spawn('git', withDefaults(args), {
    env: { ...ENVIRONMENT, ...environment },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  const [, , , hookAsks, hookIsTold] = child.stdio;
  return Object.assign(child, {
    hookAsks: hookAsks as Readable,
    hookIsTold: hookIsTold as Writable,
  });
}

/** What git printed. Rejects with its own words where it failed. */
export async function git(
  args: readonly string[],
  signal?: AbortSignal,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawnGit(args, environment);
  child.stdin.end();
  const abort = (): boolean => child.kill('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  const [out, err, code] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    }),
  ]);
  signal?.removeEventListener('abort', abort);
  if (code !== 0) throw new Error(`git ${args[0] ?? ''} failed (exit code ${code}): ${err.trim()}`);
  return out;
}

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
