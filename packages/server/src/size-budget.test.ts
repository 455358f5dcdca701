import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

/** In lines, blank ones and comments left out; of TypeScript, the linter holds the limits of each function and file. */
const SMALL_FUNCTION = 25;
const LONGEST_FUNCTION = 60;
const SMALL_SHARE = 0.9;
const MEDIAN_FILE = 100;
const LONGEST_FILE = 400;
const MOST_ATTRIBUTES = 20;

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

type Measured = { where: string; lines: number };
type PythonFile = {
  path: string;
  lines: number;
  functions: Measured[];
  classes: { where: string; attributes: number }[];
};

const python = JSON.parse(
  execFileSync(
    'python3',
    [
      join(import.meta.dirname, 'testing', 'measure_python.py'),
      ...globSync(['packages/*/src/**/*.py', 'test/**/*.py'], { cwd: root }),
    ],
    { cwd: root, encoding: 'utf8' },
  ),
) as PythonFile[];

test('files, functions and classes of Python keep to the same budget', () => {
  const functions = python.flatMap((file) => file.functions);
  assert.ok(functions.length > 200, `only ${functions.length} functions were found`);
  const over = [
    ...python.filter(({ lines }) => lines > LONGEST_FILE),
    ...functions.filter(({ lines }) => lines > LONGEST_FUNCTION),
    ...python.flatMap(({ classes }) => classes).filter((one) => one.attributes > MOST_ATTRIBUTES),
  ];
  assert.deepEqual(over, []);
  const small = functions.filter(({ lines }) => lines <= SMALL_FUNCTION);
  assert.ok(small.length >= SMALL_SHARE * functions.length, `${small.length} are small`);
});
