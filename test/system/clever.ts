import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { run } from './platform.ts';
import type { Platform } from './platform.ts';

/** What a command printed, each stream by itself, and how it ended. */
export type Said = { code: number | null; out: string; err: string };

type Options = {
  /** The folder it runs in. */
  cwd?: string;
  /** Variables beside those of `grid env`; undefined takes one away. */
  env?: Record<string, string | undefined>;
  /** What comes on standard input. */
  input?: string;
};

/** A command under way. */
export type Saying = {
  child: ChildProcess;
  said: Said;
  ended: Promise<Said>;
  /** Resolves when it has printed this. */
  prints(what: RegExp): Promise<void>;
};

/** The official command line, unmodified, pointed at a platform by nothing but `grid env`. */
export type Clever = {
  /** Its environment: everything that `grid env` says. */
  environment: NodeJS.ProcessEnv;
  base: string;
  /** The words that start a command. */
  argv(args: readonly string[]): string[];
  /** Runs a command to its end. */
  run(args: readonly string[], options?: Options): Promise<Said>;
  /** Starts one that goes on. */
  start(args: readonly string[], options?: Options): Saying;
};

const root = join(import.meta.dirname, '..', '..');
const home = join(root, 'test', 'clever-tools');
const node = join(root, 'node_modules', 'node', 'bin', 'node');
const program = join(home, 'node_modules', 'clever-tools', 'bin', 'clever.js');

/** Installs the version that is named in test/clever-tools; whoever is there first is whole. */
async function install(): Promise<void> {
  if (existsSync(program)) return;
  const folder = mkdtempSync(join(home, 'node_modules-'));
  for (const name of ['package.json', 'package-lock.json'])
    cpSync(join(home, name), join(folder, name));
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const { code, out } = await run('npm', ['ci', ...quiet], { cwd: folder });
  if (code !== 0) throw new Error(`clever-tools could not be installed: ${out}`);
  try {
    renameSync(join(folder, 'node_modules'), join(home, 'node_modules'));
  } catch (error) {
    if (!existsSync(program)) throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function openClever(platform: Platform): Promise<Clever> {
  await install();
  const exported = await readExports(platform);
  const configuration = mkdtempSync(join(platform.home, 'clever-'));
  const environment: NodeJS.ProcessEnv = {
    PATH: `${join(root, 'node_modules', 'node', 'bin')}:${process.env['PATH']}`,
    HOME: configuration,
    XDG_CONFIG_HOME: configuration,
    NO_UPDATE_NOTIFIER: '1',
    NO_COLOR: '1',
    GIT_TERMINAL_PROMPT: '0',
    // nothing is opened: what would be is printed
    BROWSER: '/bin/true',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
    ...exported,
  };
  const begin = (args: readonly string[], options: Options = {}): Saying =>
    begins(spawnClever(environment, args, { cwd: platform.home, ...options }));
  return {
    environment,
    base: exported['API_HOST'] ?? '',
    argv: (args) => [node, program, ...args],
    start: begin,
    run: (args, options) => begin(args, options).ended,
  };
}

/** The variables of `grid env`, as a shell would set them. */
async function readExports(platform: Platform): Promise<Record<string, string>> {
  const { out } = await platform.grid(['env']);
  const lines = [...out.matchAll(/^export ([A-Z_0-9]+)='(.*)'$/gm)];
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]));
}

function spawnClever(
  environment: NodeJS.ProcessEnv,
  args: readonly string[],
  { cwd, env, input }: Options,
): ChildProcess {
  const child = spawn(node, [program, ...args], {
    cwd,
    env: { ...environment, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  return child;
}

function begins(child: ChildProcess): Saying {
  const said: Said = { code: null, out: '', err: '' };
  const listeners = new Set<() => void>();
  const raw = { out: '', err: '' };
  const hear = (stream: 'out' | 'err') => (part: Buffer) => {
    raw[stream] += part.toString('utf8');
    said[stream] = stripVTControlCharacters(raw[stream]);
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', hear('out'));
  child.stderr?.on('data', hear('err'));
  const ended = new Promise<Said>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      said.code = code;
      for (const listener of listeners) listener();
      resolve(said);
    });
  });
  const prints = (what: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (what.test(said.out + said.err)) resolve();
        else if (said.code !== null) reject(new Error(`it ended without: ${JSON.stringify(said)}`));
        else return;
        listeners.delete(look);
      };
      listeners.add(look);
      look();
    });
  return { child, said, ended, prints };
}

/** A folder of its own with these files, committed; what is linked there stays there. */
export async function workFolder(
  platform: Platform,
  name: string,
  files: Record<string, string>,
): Promise<{ cwd: string; commit(changes: Record<string, string>): Promise<string> }> {
  const cwd = join(platform.home, name);
  mkdirSync(cwd);
  await platform.git(['init', '--quiet', '--initial-branch=master'], cwd);
  const commit = async (changes: Record<string, string>): Promise<string> => {
    for (const [file, text] of Object.entries(changes)) writeFileSync(join(cwd, file), text);
    await platform.git(['add', '--all', '--', ':!.clever.json'], cwd);
    await platform.git(['commit', '--quiet', '--allow-empty', '--message', 'change'], cwd);
    return (await platform.git(['rev-parse', 'HEAD'], cwd)).out.trim();
  };
  await commit(files);
  return { cwd, commit };
}

/** What a folder is linked to. */
export const linkedApps = (cwd: string) =>
  (
    JSON.parse(readFileSync(join(cwd, '.clever.json'), 'utf8')) as {
      apps: {
        app_id: string;
        org_id: string;
        deploy_url: string;
        git_ssh_url: string;
        alias: string;
      }[];
    }
  ).apps;

/** What a command that went well printed. */
export function succeeds({ code, out, err }: Said): string {
  assert.equal(code, 0, out + err);
  return out;
}

/** A command was refused with a sentence of ours, and not with a stumble of its own. */
export function fails({ code, out, err }: Said, what: RegExp): void {
  assert.equal(code, 1, out + err);
  assert.match(err, what);
  assert.doesNotMatch(err, /JSON input|Cannot read properties|is not iterable/);
}
