import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

/** In lines, blank ones and comments left out; the linter holds the limits of each function and file. */
const SMALL_FUNCTION = 25;
const SMALL_SHARE = 0.9;
const MEDIAN_FILE = 100;

const root = join(import.meta.dirname, '..', '..', '..');

/** Lines of each function of more than one line, by a linter that is told to allow none. */
function measureFunctions(): { where: string; lines: number }[] {
  const folder = mkdtempSync(join(tmpdir(), 'size-budget-'));
  const config = join(folder, 'lint.json');
  const rule = ['error', { max: 0, skipBlankLines: true, skipComments: true }];
  writeFileSync(
    config,
    JSON.stringify({
      categories: { correctness: 'off' },
      ignorePatterns: ['**/*.test.ts', '**/testing/**', '**/migrations/**'],
      rules: { 'max-lines-per-function': rule },
    }),
  );
  const linter = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const args = [linter, '-c', config, '--disable-nested-config', '--format', 'json', 'packages'];
  const { stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  rmSync(folder, { recursive: true });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { message: string; filename: string }[];
  };
  return diagnostics
    .map(({ message, filename }) => ({
      where: `${filename}: ${message}`,
      lines: Number(/\((\d+)\)/.exec(message)?.[1]),
    }))
    .filter(({ lines }) => lines > 1);
}

test(`${SMALL_SHARE * 100} of 100 functions have at most ${SMALL_FUNCTION} lines`, () => {
  const functions = measureFunctions();
  assert.ok(functions.length > 500, `only ${functions.length} functions were found`);
  const long = functions.filter(({ lines }) => lines > SMALL_FUNCTION);
  const share = 1 - long.length / functions.length;
  const longest = long.toSorted((a, b) => b.lines - a.lines).map(({ where }) => where);
  assert.ok(share >= SMALL_SHARE, `${(share * 100).toFixed(1)} % are:\n${longest.join('\n')}`);
});

test(`half of the files have at most ${MEDIAN_FILE} lines`, () => {
  const lengths = globSync('packages/*/src/**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(root, path), 'utf8').split('\n').length)
    .toSorted((a, b) => a - b);
  const median = lengths[Math.floor(lengths.length / 2)] ?? 0;
  assert.ok(median <= MEDIAN_FILE, `half of the files have ${median} lines and more`);
});
