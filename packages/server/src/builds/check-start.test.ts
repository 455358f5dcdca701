import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkStart } from './check-start.ts';
import type { Start } from './recipe.ts';

const startOf = (setting: string, file: Start['file']): Start => ({
  setting,
  file,
  command: { name: 'x', argv: ['x'] },
});

test('a file that cannot be started is refused with what to do', () => {
  const check = (start: Start, kind: 'file' | 'missing' | 'other', executable: boolean) =>
    checkStart(start, { kind, executable });
  const script = startOf('CC_MLPYTHON_START_SCRIPT', { path: 'bin/start.sh', executable: true });
  assert.equal(check(script, 'missing', false)?.reason, 'missing_file');
  assert.match(check(script, 'other', true)?.detail ?? '', /bin\/start.sh is not a file/);
  assert.equal(check(script, 'file', false)?.reason, 'not_executable');
  assert.match(check(script, 'file', false)?.detail ?? '', /chmod \+x bin\/start.sh/);
  assert.equal(check(script, 'file', true), undefined);
  assert.equal(
    check(startOf('CC_MLPYTHON_RUN_MAIN', { path: 'train.py', executable: false }), 'file', false),
    undefined,
  );
  assert.equal(check(startOf('CC_RUN_COMMAND', undefined), 'missing', false), undefined);
});
