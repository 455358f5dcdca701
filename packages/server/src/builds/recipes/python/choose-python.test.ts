import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePython } from './choose-python.ts';
import type { Interpreter } from './interpreters.ts';

const python = (...version: [number, number, number]): Interpreter => ({
  version,
  path: `/python${version.join('.')}`,
  folder: '/bin',
  digest: version.join('.'),
  readOnly: [],
});
const installed = [python(3, 9, 2), python(3, 13, 0), python(3, 11, 4)];

function choose(variables: Record<string, string>) {
  const chosen = choosePython(variables, installed);
  return [chosen?.interpreter.digest, chosen?.warning];
}

test('the newest is taken where none is asked for, and for plain 3', () => {
  for (const asked of ['', '3', '"3"', " '3' "])
    assert.deepEqual(choose({ PYTHON_VERSION: asked }), ['3.13.0', undefined]);
  assert.deepEqual(choose({}), ['3.13.0', undefined]);
});

test('major.minor chooses, with or without quotes', () => {
  assert.deepEqual(choose({ PYTHON_VERSION: '3.9' }), ['3.9.2', undefined]);
  assert.deepEqual(choose({ PYTHON_VERSION: ' "3.11" ' }), ['3.11.4', undefined]);
});

test('PYTHON_VERSION wins over CC_PYTHON_VERSION, unless it is empty', () => {
  const CC_PYTHON_VERSION = '3.9';
  assert.equal(choose({ PYTHON_VERSION: '3.11', CC_PYTHON_VERSION })[0], '3.11.4');
  assert.equal(choose({ PYTHON_VERSION: '', CC_PYTHON_VERSION })[0], '3.9.2');
  assert.equal(choose({ CC_PYTHON_VERSION })[0], '3.9.2');
});

test('what is not there falls back to the newest, and a warning names what is', () => {
  for (const asked of ['2', '2.7', '3.6', '3.11.4', 'latest'])
    assert.deepEqual(choose({ CC_PYTHON_VERSION: asked }), [
      '3.13.0',
      `CC_PYTHON_VERSION=${asked} is not available here (3.9, 3.11, 3.13): using 3.13.0.`,
    ]);
});

test('a machine without Python has none to choose', () => {
  assert.equal(choosePython({}, []), undefined);
});
