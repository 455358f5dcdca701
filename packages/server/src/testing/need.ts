import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/**
 * Whether the test can run here. What the machine lacks is named and the test skipped; where all tests
 * are demanded (`GRID_TESTS=all`) that is a failure.
 */
export function need(test: TestContext, there: boolean, what: string): boolean {
  if (there) return true;
  if (process.env['GRID_TESTS'] === 'all') throw new Error(`this machine lacks ${what}`);
  test.skip(`this machine lacks ${what}`);
  return false;
}

/** The same of a program; `home` is the package that has it, where that is called otherwise. */
export function needProgram(test: TestContext, program: string, home = program): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const there = folders.some((folder) => existsSync(join(folder, program)));
  return need(test, there, `${program} (apt-get install ${home})`);
}
