import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A Python that really answers. */
export type Interpreter = {
  version: readonly [number, number, number];
  /** The real executable, behind shims and links. */
  path: string;
  /** The folder that has it as `python`. */
  folder: string;
  /** Tells builds of the same version apart. */
  digest: string;
  /** What must be seen inside a sandbox that uses it, outside /usr. */
  readOnly: readonly string[];
};

const run = promisify(execFile);

const OLDEST_MINOR = 8;
const ANSWERS_WITHIN = 10_000;

const QUESTION = `
import json, os, sys, sysconfig
print(json.dumps([list(sys.version_info[:3]), os.path.realpath(sys.executable), sys.base_prefix,
                  sys.version, sysconfig.get_platform(), sys.prefix == sys.base_prefix]))`;

/** Every Python 3 of this machine that answers, one per minor version; a name may be a dead shim. */
export async function findInterpreters(): Promise<Interpreter[]> {
  const answers = await Promise.all((await candidates()).map(ask));
  const found = new Map<string, Interpreter>();
  for (const interpreter of answers) {
    if (interpreter === undefined) continue;
    const minor = interpreter.version.slice(0, 2).join('.');
    if (!found.has(minor)) found.set(minor, interpreter);
  }
  return [...found.values()];
}

/** By name on the path, and where version managers keep theirs. */
async function candidates(): Promise<string[]> {
  const minors = Array.from({ length: 12 }, (_, index) => `python3.${index + OLDEST_MINOR}`);
  const versions = join(homedir(), '.pyenv', 'versions');
  const managed = (await readdir(versions).catch(() => [])).toReversed();
  return [
    ...minors.map((name) => join('/usr/bin', name)),
    ...minors.map((name) => join('/usr/local/bin', name)),
    ...managed.map((version) => join(versions, version, 'bin', 'python3')),
    ...minors,
    'python3',
  ];
}

type Answer = [[number, number, number], string, string, string, string, boolean];

async function ask(candidate: string): Promise<Interpreter | undefined> {
  try {
    const { stdout } = await run(candidate, ['-I', '-c', QUESTION], { timeout: ANSWERS_WITHIN });
    const [version, path, prefix, build, platform, outside] = JSON.parse(stdout) as Answer;
    if (version[0] !== 3 || version[1] < OLDEST_MINOR || !outside) return undefined;
    return {
      version,
      path,
      folder: dirname(path),
      digest: createHash('sha256').update([path, build, platform].join('\0')).digest('hex'),
      readOnly: /^\/usr(\/|$)/.test(prefix) ? [] : [prefix],
    };
  } catch {
    return undefined;
  }
}

/** Gives each interpreter that its machine knows by another name (Debian: `python3.11`) the name `python`. */
export const nameInterpreters = (
  interpreters: readonly Interpreter[],
  tools: string,
): Promise<Interpreter[]> =>
  Promise.all(
    interpreters.map(async (interpreter) => {
      if (existsSync(join(interpreter.folder, 'python'))) return interpreter;
      const folder = join(tools, 'python', interpreter.digest.slice(0, 16));
      await mkdir(folder, { recursive: true });
      await chmod(folder, 0o755);
      for (const name of ['python', 'python3'])
        await symlink(interpreter.path, join(folder, name)).catch(ignoreExisting);
      return { ...interpreter, folder, readOnly: [...interpreter.readOnly, folder] };
    }),
  );

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
