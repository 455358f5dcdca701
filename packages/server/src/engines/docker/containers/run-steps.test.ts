import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Command } from '../../../workloads/engine.ts';
import { STEPS_FILE, argvOf, readSteps } from './run-steps.ts';

const say = (name: string, line: string): Command => ({ name, argv: ['/bin/sh', '-c', line] });

/** Runs steps here, as a container would; their folder is one of the test's. */
async function run(t: TestContext, steps: Parameters<typeof argvOf>[0]) {
  const folder = mkdtempSync(join(tmpdir(), 'grid-steps-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'steps');
  const [shell = '', ...words] = argvOf(steps).map((word) => word.replaceAll(STEPS_FILE, file));
  const ran = await new Promise<{ code: number; out: string }>((resolve) => {
    execFile(shell, words, (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), out }),
    );
  });
  return { ...ran, told: readSteps(readFileSync(file, 'utf8')) };
}

const after = { succeeded: say('good', 'echo good'), failed: say('bad', 'echo bad') };

test('steps run in turn, and those after the command see how it ended', async (t) => {
  const before = [say('one', 'echo one'), say('two', 'echo two')];
  const well = await run(t, { before, command: say('command', 'echo three'), after });
  assert.deepEqual(well, {
    code: 0,
    out: 'one\ntwo\nthree\ngood\n',
    told: { step: 'command', failedBefore: false, code: 0 },
  });
  const ill = await run(t, { before: [], command: say('command', 'exit 4'), after });
  assert.deepEqual([ill.code, ill.out, ill.told.code], [4, 'bad\n', 4]);
});

test('a step before the command that fails is the last', async (t) => {
  const before = [say('one', 'exit 9'), say('two', 'echo two')];
  const ran = await run(t, { before, command: say('command', 'echo three'), after: {} });
  const told = { step: 'one', failedBefore: true, code: undefined };
  assert.deepEqual(ran, { code: 9, out: '', told });
});

test('words are given on to the letter', async (t) => {
  const odd = ['a b', '', '$HOME', '"', "'", 'two\nlines', '-n'];
  const command: Command = { name: 'odd\nname', argv: ['/usr/bin/printf', '[%s]', ...odd] };
  const ran = await run(t, { before: [say('first', 'true')], command, after: {} });
  assert.equal(ran.out, odd.map((word) => `[${word}]`).join(''));
  assert.equal(ran.told.step, 'odd name');
});

test('nonsense among what the steps tell is not believed', () => {
  const told = readSteps('step command\ncode 70000\ncode none\nnonsense');
  assert.deepEqual(told, { step: 'command', failedBefore: false, code: undefined });
  assert.deepEqual(readSteps(''), { step: '', failedBefore: false, code: undefined });
});
