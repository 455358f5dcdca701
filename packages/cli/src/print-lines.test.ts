import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { inText, onTerminal } from './print-lines.ts';
import type { Row, Rows } from './print-lines.ts';

/** A line of `key` at a second; one that has not ended is said with three dots. */
function row(key: string, second: number, text: string): Row {
  const isUnended = text.endsWith('…');
  const date = new Date(second * 1000).toISOString();
  const message = isUnended ? text.slice(0, -1) : text;
  return {
    key,
    prefix: `${second} `,
    message,
    line: { date, message, ...(isUnended && { unended: true }) },
  };
}

const printed = (rows: Rows, lines: readonly Row[]): string =>
  lines.map((line) => rows.take(line)).join('') + rows.end();

/** What is left on a terminal that was sent this. */
const leftOn = (text: string): string[] =>
  stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.split('\r').at(-1) ?? '');

const bar = [
  row('err', 1, ' 1%…'),
  row('err', 2, ' 2%…'),
  row('out', 3, 'line'),
  row('err', 4, ' 3%…'),
  row('err', 5, ' 4%'),
];

test('on a terminal a line that has not ended is the last row, and is taken back', () => {
  assert.deepEqual(leftOn(printed(onTerminal(), bar)), ['3 line', '5  4%', '']);
  assert.deepEqual(leftOn(printed(onTerminal(), bar.slice(0, 3))), ['3 line', '2  2%', '']);
});

test('of several lines that have not ended the terminal shows the one that changed last', () => {
  const two = [row('a', 1, 'a1…'), row('b', 2, 'b2…'), row('a', 3, 'a3…'), row('a', 4, 'a4')];
  assert.deepEqual(leftOn(printed(onTerminal(), two.slice(0, 3))), ['3 a3', '']);
  assert.deepEqual(leftOn(printed(onTerminal(), two)), ['4 a4', '2 b2', '']);
});

test('elsewhere each state is a line of its own, and what only grows is one line', () => {
  assert.equal(printed(inText(), bar), '1  1%\n2  2%\n3 line\n4  3%\n5  4%\n');
  const grows = [row('a', 1, 'Password: …'), row('a', 9, 'Password: given')];
  assert.equal(printed(inText(), grows), '1 Password: given\n');
  assert.equal(printed(inText(), grows.slice(0, 1)), '1 Password: \n');
  const apart = [...grows.slice(0, 1), row('b', 2, 'b'), ...grows.slice(1)];
  assert.equal(printed(inText(), apart), '1 Password: \n2 b\n9 Password: given\n');
});

test('elsewhere a bar of hours is written ever more rarely, and its end for certain', () => {
  const hours = Array.from({ length: 10_000 }, (_, second) => row('a', second, `${second}%…`));
  const lines = printed(inText(), [...hours, row('a', 10_000, 'done')]).split('\n');
  assert.ok(lines.length > 50 && lines.length < 150, `${lines.length} lines`);
  assert.equal(lines.at(-2), '10000 done');
});

test('what was shown of a line that is not looked for any more is taken back where that can be', () => {
  const gone = [row('a', 1, 'error 1…'), row('a', 2, '…'), row('b', 3, 'error 2')];
  assert.deepEqual(leftOn(printed(onTerminal(), gone)), ['3 error 2', '']);
  assert.equal(printed(inText(), gone), '1 error 1\n3 error 2\n');
});
