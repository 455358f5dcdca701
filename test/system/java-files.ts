import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './platform.ts';
import type { Files } from './platform.ts';

export const hasJava = (await run('javac', ['-version'])).code === 0;

/** Nothing but a jar of this class. */
export async function jarOf(name: string, source: string): Promise<Files> {
  const folder = mkdtempSync(join(tmpdir(), 'grid-jar-'));
  writeFileSync(join(folder, `${name}.java`), source);
  await run('javac', ['--release', '17', `${name}.java`], { cwd: folder });
  await run('jar', ['cfe', 'app.jar', name, `${name}.class`], { cwd: folder });
  const jar = readFileSync(join(folder, 'app.jar'));
  rmSync(folder, { recursive: true });
  return { 'app.jar': { text: jar } };
}
