import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unknownVariables } from '@grid/server/settings.ts';
import type { Command } from 'commander';
import { variants } from '../../server/src/applications/application.ts';
import { buildProgram } from './program.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const papers = globSync(['*.md', 'docs/**/*.md', 'examples/*/README.md'], { cwd: root })
  // what was so when it was written stays as it was
  .filter((path) => path !== 'CHANGELOG.md' && !path.startsWith('docs/adr/'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** What is written as a command of `grid`: between backticks, or as a line of code. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(/(?:`|^ {4}(?:[A-Z_]+=\S+ )*)(?:bin\/)?grid ([^`\n]*)/gm)].map(
    ([, rest = '']) => rest.split(/ #|[|;>]/)[0]?.trim() ?? '',
  );

/** The first thing about a command line that the program does not know. */
function findMistake(line: string): string | undefined {
  let command: Command = buildProgram();
  for (const word of line.split(/\s+/)) {
    if (word === '--' || word === '…') return undefined;
    const [, flag] = /^\[?(--?[a-z][\w-]*)/.exec(word) ?? [];
    if (flag !== undefined && !knows(command, flag)) return flag;
    if (command.commands.length === 0 || !/^[a-z][\w-]*$/.test(word)) continue;
    const inner = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    );
    if (inner === undefined && command.registeredArguments.length === 0) return word;
    command = inner ?? command;
  }
  return undefined;
}

const knows = (command: Command, flag: string): boolean =>
  ['--help', '-h'].includes(flag) ||
  command.options.some(({ short, long }) => flag === short || flag === long);

test('every command and option in the papers exists', () => {
  const lines = papers.flatMap(({ path, text }) =>
    commandsIn(text).map((line) => ({ path, line, mistake: findMistake(line) })),
  );
  assert.ok(lines.length > 100, `only ${lines.length} are looked at`);
  assert.notEqual(findMistake('app make x'), undefined);
  assert.notEqual(findMistake('up --data-folder /x'), undefined);
  assert.deepEqual(
    lines.filter(({ mistake }) => mistake !== undefined),
    [],
  );
});

test('every variable of the platform in the papers exists', () => {
  const named = papers.flatMap(({ path, text }) =>
    [...text.matchAll(/\bGRID_[A-Z_]*[A-Z]\b/g)].map(([name]) => ({ path, name })),
  );
  assert.ok(named.length > 30, `only ${named.length} are looked at`);
  assert.deepEqual(
    named.filter(({ name }) => unknownVariables({ [name]: '' }).length > 0),
    [],
  );
});

test('whoever creates an application is told of every type', () => {
  const apps = buildProgram().commands.find((command) => command.name() === 'app');
  const create = apps?.commands.find((command) => command.name() === 'create');
  const named = create?.options.find(({ long }) => long === '--type')?.description.match(/\w+/g);
  assert.deepEqual(
    variants.map(({ slug }) => slug).filter((slug) => !named?.includes(slug)),
    [],
  );
});
