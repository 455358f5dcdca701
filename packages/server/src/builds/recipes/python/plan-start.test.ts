import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Failure } from '../../recipe.ts';
import { planStart } from './plan-start.ts';

const MAIN = { CC_MLPYTHON_RUN_MAIN: './train.py' };
const SCRIPT = { CC_MLPYTHON_START_SCRIPT: 'bin/start.sh' };
const COMMAND = { CC_RUN_COMMAND: './train.sh --epochs 3' };

function started(variables: Record<string, string>) {
  const start = planStart(variables);
  assert.ok(!('reason' in start), JSON.stringify(start));
  return start;
}

function refused(variables: Record<string, string>): Failure {
  const start = planStart(variables);
  assert.ok('reason' in start);
  return start;
}

test('a command wins over a script, a script over a Python file, and the losers are named', () => {
  const all = started({ ...MAIN, ...SCRIPT, ...COMMAND });
  assert.equal(all.setting, 'CC_RUN_COMMAND');
  assert.deepEqual(all.ignored, ['CC_MLPYTHON_START_SCRIPT', 'CC_MLPYTHON_RUN_MAIN']);
  const two = started({ ...MAIN, ...SCRIPT });
  assert.equal(two.setting, 'CC_MLPYTHON_START_SCRIPT');
  assert.deepEqual(two.ignored, ['CC_MLPYTHON_RUN_MAIN']);
});

test('a variable that is empty decides nothing', () => {
  const start = started({ ...MAIN, CC_RUN_COMMAND: '  ', CC_MLPYTHON_START_SCRIPT: '' });
  assert.deepEqual([start.setting, start.ignored], ['CC_MLPYTHON_RUN_MAIN', []]);
});

test('a Python file runs unbuffered, with or without a leading ./', () => {
  for (const path of ['train.py', './train.py', ' a/../train.py '])
    assert.deepEqual(started({ CC_MLPYTHON_RUN_MAIN: path }).command.argv, [
      'python',
      '-u',
      'train.py',
    ]);
});

test('with nothing to start the user is told all three ways', () => {
  const { reason, detail } = refused({});
  assert.equal(reason, 'missing_start');
  for (const name of ['CC_MLPYTHON_RUN_MAIN', 'CC_MLPYTHON_START_SCRIPT', 'CC_RUN_COMMAND'])
    assert.match(detail, new RegExp(name));
});

test('paths that are absolute or leave the repository are refused', () => {
  for (const path of ['/etc/passwd', '..', '../x.py', 'a/../../x.py', 'a\0b'])
    for (const name of ['CC_MLPYTHON_RUN_MAIN', 'CC_MLPYTHON_START_SCRIPT']) {
      const { reason, detail } = refused({ [name]: path });
      assert.equal(reason, 'invalid_variable', path);
      assert.ok(detail.startsWith(`${name}=`));
    }
});

test('a script is run by its shebang, and by bash where it has none', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'grid-start-'));
  t.after(() => rm(folder, { recursive: true }));
  const [program, ...args] = started({ CC_MLPYTHON_START_SCRIPT: 'start me.sh' }).command.argv;
  const says = async (text: string): Promise<string> => {
    await writeFile(join(folder, 'start me.sh'), text);
    await chmod(join(folder, 'start me.sh'), 0o755);
    return (await promisify(execFile)(program, args, { cwd: folder })).stdout.trim();
  };
  assert.match(await says('echo "$BASH_VERSION"\n'), /^\d/);
  assert.equal(await says('#!/bin/echo by its shebang\n'), 'by its shebang ./start me.sh');
});
