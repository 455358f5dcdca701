import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { after, test } from 'node:test';
import type { RunDetails } from '@grid/api';
import { copyExample, openPlatform, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

/** What each node says at its end: the loss, and the sum of its parameters. */
const endsIn = (log: string): string[] =>
  [...log.matchAll(/node \d holds the parameters of all 2: (loss \S+, sum \S+)/g)].map(
    ([, end = '']) => end,
  );

/** Where the attempts of a run begin, by rank 0. */
const beginningsIn = (log: string): number[] =>
  [...log.matchAll(/node 0 of 2 begins at step (\d+)/g)].map(([, step]) => Number(step));

const logOf = async (run: string): Promise<string> =>
  (await platform.grid(['run', 'logs', run])).out;

/** The program of a node, as the machine sees it. */
function findProcess(run: string, rank: number): number | undefined {
  const pid = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false;
    const [program = '', ...args] = partsOf(`/proc/${name}/cmdline`);
    if (!basename(program).startsWith('python') || !args.some((one) => one.endsWith('train.py')))
      return false;
    const environment = partsOf(`/proc/${name}/environ`);
    return [`CG_RUN_ID=${run}`, `CG_NODE_RANK=${rank}`].every((one) => environment.includes(one));
  });
  return pid === undefined ? undefined : Number(pid);
}

function partsOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\0');
  } catch {
    return [];
  }
}

test('two nodes train one model together; one is killed, and the next attempt ends as if nothing had been', async (t) => {
  const folder = await platform.repository({});
  copyExample('all-reduce-jax', folder);
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'two'], folder);
  const env = ['CC_MLPYTHON_RUN_MAIN=train.py'];
  await platform.create(folder, { type: 'ml_python', env, args: ['--nodes', '2'] });
  const undisturbed = await platform.grid(['deploy'], { folder });
  assert.equal(undisturbed.code, 0, undisturbed.out);
  const [end, ...others] = endsIn(undisturbed.out);
  assert.deepEqual(others, [end], undisturbed.out);

  const slowly = ['--env', 'STEP_SECONDS=0.05', '--retries', '1', '--detach'];
  const run = (await platform.grid(['run', ...slowly], { folder })).out.trim();
  const [rank, step] = [randomInt(2), randomInt(11, 100)];
  t.diagnostic(`node ${rank} is killed after step ${step}`);
  await until('it has come that far', async () => (await logOf(run)).includes(`step ${step} loss`));
  const pid = findProcess(run, rank);
  assert.ok(pid !== undefined, `node ${rank} has no process`);
  process.kill(pid, 'SIGKILL');

  const show = async (): Promise<RunDetails> =>
    JSON.parse((await platform.grid(['run', 'show', run, '--format', 'json'])).out) as RunDetails;
  await until('the run is over', async () => (await show()).finishedAt !== null);
  const log = await logOf(run);
  const { attempts } = await show();
  assert.deepEqual(
    attempts.map(({ status }) => status),
    ['failed', 'succeeded'],
    log,
  );
  const [first, resumed = 0] = beginningsIn(log);
  assert.equal(first, 0);
  assert.ok(resumed >= 10 && resumed % 10 === 0, `the second attempt began at step ${resumed}`);
  assert.deepEqual(endsIn(log), [end, end], log);
});
