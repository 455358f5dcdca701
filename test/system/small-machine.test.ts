import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostOf, openPlatform, serverOf, until } from './platform.ts';

/** All but the least that a platform gives to applications is kept back: one pico, 256 MiB. */
const platform = await openPlatform({ GRID_MEMORY_RESERVE_MIB: String(2 ** 31) });
after(() => platform.end());

const MAIN = 'CC_MLPYTHON_RUN_MAIN=main.py';
const ENDLESS = 'import time\nprint("up", flush=True)\ntime.sleep(600)\n';

type Row = { status: string; reason: string | null; detail: string | null };

async function push(main: string, env: string[] = []) {
  const folder = await platform.repository({ 'main.py': main });
  const args = ['--flavor', 'pico'];
  const id = await platform.create(folder, { type: 'ml_python', env: [MAIN, ...env], args });
  const { code, out } = await platform.git(['push', 'grid', 'HEAD:master'], folder);
  assert.equal(code, 0, out);
  const row = (): Row | undefined =>
    platform.query<Row>(
      `select status, reason, detail from deployments where application_id = '${id}'`,
    )[0];
  return {
    id,
    folder,
    row,
    is: (status: string) => until(`it is ${status}`, () => row()?.status === status),
    waits: (reason: string) => until(`it waits: ${reason}`, () => row()?.reason === reason),
    log: async () => (await platform.grid(['logs'], { folder })).out,
  };
}

test('what does not fit now waits, says why, and goes on when room is given back, in its order', async () => {
  const first = await push(ENDLESS);
  await first.is('running');
  const second = await push(ENDLESS);
  await second.waits('no_memory');
  const { status, detail } = second.row() ?? {};
  assert.equal(status, 'starting');
  assert.match(
    detail ?? '',
    /^Needs 256 MiB of memory; 0 of 256 MiB are free\. When it starts is not known: the runs before it have no history; at the latest in about \d+ hours, if none takes longer than is assumed\.$/,
  );
  const third = await push('print("third")\n');
  await third.waits('no_memory');
  const build = await push('print("built")\n', ['CC_POST_BUILD_HOOK=true']);
  await build.waits('no_memory');
  assert.equal(build.row()?.status, 'building');

  const { out } = await platform.grid(['activity', '--format', 'json'], { folder: second.folder });
  const [shown] = JSON.parse(out) as (Row & { state: string })[];
  assert.deepEqual([shown?.state, shown?.reason], ['WIP', 'no_memory']);
  assert.match(await second.log(), /Needs 256 MiB of memory; 0 of 256 MiB are free/);

  await platform.grid(['stop'], { folder: first.folder });
  await second.is('running');
  assert.deepEqual([second.row()?.reason, second.row()?.detail], [null, null]);
  assert.equal(third.row()?.status, 'starting');
  await platform.grid(['stop'], { folder: second.folder });
  await third.is('completed');
  await build.is('completed');
  const paid = platform.query<{ count: number }>(
    `select count(*) as count from usage_intervals u join instances i on i.id = u.instance_id where u.started_at < i.created_at`,
  );
  assert.deepEqual(
    paid.map(({ count }) => count),
    [0],
    'waiting costs nothing',
  );
});

test('a new version for which there is no room beside the old one takes its place, and says so', async () => {
  const folder = await platform.repository({ 'main.py': serverOf('one') });
  const args = ['--flavor', 'pico'];
  const id = await platform.create(folder, { type: 'ml_python_web', env: [MAIN], args });
  const first = await platform.grid(['deploy'], { folder });
  assert.equal(first.code, 0, first.out);
  writeFileSync(join(folder, 'main.py'), serverOf('two'));
  await platform.git(['commit', '--all', '--quiet', '--message', 'two'], folder);
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.match(out, /There is no room for the old and the new version side by side/);
  assert.equal((await platform.visit(hostOf(id))).body, 'two');
  await platform.grid(['stop'], { folder });
});

test('what can never fit is refused with the nearest that does', async () => {
  const create = (...args: string[]) =>
    platform.grid(['app', 'create', 'big', '--type', 'ml_python', '--no-remote', ...args]);
  const big = await create('--flavor', 'XS');
  assert.equal(big.code, 3);
  assert.match(
    big.out,
    /never fits here: there are 256 MiB to give\. The nearest that fits is 1 × pico/,
  );
  const many = await create('--flavor', 'pico', '--nodes', '2');
  assert.equal(many.code, 3);
  assert.match(many.out, /fewer nodes: 1 × pico fits/);
});
