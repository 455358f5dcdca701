import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownOn } from './print.ts';

const terminal = { isTTY: true };

test('what others wrote does nothing to a terminal', () => {
  const title = '\u001B]0;owned\u0007';
  assert.equal(shownOn(terminal, title), '\\x1b]0;owned\\x07');
  assert.equal(shownOn(terminal, 'GET /\u009B2J\u007F'), 'GET /\\x9b2J\\x7f');
  assert.equal(shownOn(terminal, 'a\bb\u001B[2Jc\u001B[6n'), 'a\\x08b\\x1b[2Jc\\x1b[6n');
});

test('what clears a row before a bar is drawn again goes', () => {
  assert.equal(shownOn(terminal, '\u001B[2K 50 %\u001B[K|##\u001B[0K'), ' 50 %|##');
});

test('colours, columns and progress stay, and so does everything that goes elsewhere', () => {
  const plain = '\u001B[1;31mred\u001B[0m\t50 %\r100 %\nüñí\u{1F600}';
  assert.equal(shownOn(terminal, plain), plain);
  assert.equal(shownOn({}, '\u001B]0;kept\u0007'), '\u001B]0;kept\u0007');
});
