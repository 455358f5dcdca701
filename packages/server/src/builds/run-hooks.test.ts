import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ifNeverJudged, markJudged, runHooks } from './run-hooks.ts';

const run = promisify(execFile);

test('a variable that is empty is no hook', () => {
  assert.deepEqual(runHooks({ CC_PRE_RUN_HOOK: ' ' }), { before: [], after: {} });
  const { before, after } = runHooks({ CC_PRE_RUN_HOOK: 'a', CC_RUN_FAILED_HOOK: 'b' });
  assert.deepEqual(
    [before.map(({ name }) => name), after.failed?.name, after.succeeded],
    [['CC_PRE_RUN_HOOK'], 'CC_RUN_FAILED_HOOK', undefined],
  );
});

test('the hook for what failed to start runs as long as nothing was judged', async (t) => {
  const inside = (argv: readonly string[]) =>
    argv.map((part) => part.replaceAll('/tmp/', `${folder}/`));
  const folder = await mkdtemp(join(tmpdir(), 'grid-hook-'));
  t.after(() => rm(folder, { recursive: true }));
  const hook = ifNeverJudged({ name: 'CC_RUN_FAILED_HOOK', argv: ['/bin/echo', 'it failed'] });
  const says = async (argv: readonly string[]) => {
    const [program = '', ...args] = inside(argv);
    return (await run(program, args)).stdout;
  };
  assert.equal(await says(hook.argv), 'it failed\n');
  await says(markJudged);
  assert.equal(await says(hook.argv), '');
});
