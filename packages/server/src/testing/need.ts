import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/**
 * Whether the test can run here. What the machine lacks is named and the test skipped; where all tests
 * are required (`GRID_TESTS=all`, or `ordinary` of a user who is not root) that is a failure.
 * No other file skips a test.
 */
export function need(test: TestContext, there: boolean, what: string): boolean {
  if (there) return true;
  if (/^(all|ordinary)$/.test(process.env['GRID_TESTS'] ?? ''))
    throw new Error(`this machine lacks ${what}`);
  return skip(test, what);
}

/** The same of what root alone can do: an ordinary user's tests leave it to root's. */
export function needRoot(test: TestContext, toDo: string): boolean {
  const what = `root, ${toDo}`;
  const isLeft = process.getuid?.() !== 0 && process.env['GRID_TESTS'] === 'ordinary';
  return isLeft ? skip(test, what) : need(test, process.getuid?.() === 0, what);
}

function skip(test: TestContext, what: string): false {
  test.skip(`this machine lacks ${what}`);
  return false;
}

/** The same of a program; `home` is the package that has it, where that is called otherwise. */
export function needProgram(test: TestContext, program: string, home = program): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const there = folders.some((folder) => existsSync(join(folder, program)));
  return need(test, there, `${program} (apt-get install ${home})`);
}
