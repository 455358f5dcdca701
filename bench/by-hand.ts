import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../test/system/platform.ts';

type How = { cwd?: string; env?: NodeJS.ProcessEnv };

/** Runs a program as one would by hand; in milliseconds. */
export async function timed(
  [file = '', ...args]: readonly string[],
  { cwd, env }: How = {},
): Promise<number> {
  const begun = performance.now();
  const { code, out } = await run(file, args, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
  });
  const took = performance.now() - begun;
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} failed: …${out.slice(-2_000)}`);
  return took;
}

/** Gives `use` a folder with a copy of these files, without their history, and removes it. */
export async function inCopy<T>(
  files: string | undefined,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'grid-bench-'));
  try {
    if (files !== undefined)
      cpSync(files, folder, { recursive: true, filter: (path) => !path.endsWith('/.git') });
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
