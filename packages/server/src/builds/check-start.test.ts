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
    checkStart(start, { kind, executable, beside: [] }, 'in the repository');
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

test('where a file is missing, those of its kind that are there are named', () => {
  const start = startOf('CC_JAR_PATH', { path: 'target/app.jar', executable: false });
  const fact = { kind: 'missing', executable: false, beside: ['target/app-2.jar'] } as const;
  assert.equal(
    checkStart(start, fact, 'after the build')?.detail,
    'CC_JAR_PATH=target/app.jar: there is no such file after the build. Beside it there is target/app-2.jar.',
  );
});
