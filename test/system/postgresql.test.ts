import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { hasPostgres, startPostgres } from '../../packages/server/src/testing/postgres.ts';
import { hostOf, openPlatform, serverOf, until } from './platform.ts';

/** The straight line with its state in PostgreSQL, which restarts, and is away for a while. */
test('with PostgreSQL the platform deploys, lives through its restart, and says when it is away', async (t) => {
  if (!need(t, hasPostgres(), 'PostgreSQL (apt-get install postgresql)')) return;
  const postgres = await startPostgres();
  t.after(() => postgres.remove());
  const platform = await openPlatform({ GRID_DATABASE_URL: postgres.url });
  t.after(() => platform.end());

  const folder = await platform.repository({ 'server.py': serverOf('one') });
  const env = ['CC_MLPYTHON_RUN_MAIN=server.py'];
  const id = await platform.create(folder, { type: 'ml_python_web', env });
  const deployed = await platform.grid(['deploy'], { folder });
  assert.equal(deployed.code, 0, deployed.out);
  assert.equal((await platform.visit(hostOf(id))).body, 'one');

  await postgres.stop();
  assert.equal((await platform.visit(hostOf(id))).body, 'one');
  const away = await platform.grid(['activity'], { folder });
  assert.notEqual(away.code, 0);
  writeFileSync(join(folder, 'server.py'), serverOf('two'));
  await platform.git(['commit', '--all', '--quiet', '--message', 'two'], folder);
  const refused = await platform.grid(['deploy'], { folder });
  assert.notEqual(refused.code, 0, refused.out);

  await postgres.start();
  await until('it answers again', async () => {
    const { code } = await platform.grid(['activity'], { folder });
    return code === 0;
  });
  const activity = async () =>
    JSON.parse((await platform.grid(['activity', '--format', 'json'], { folder })).out) as {
      status: string;
    }[];
  assert.deepEqual(
    (await activity()).map(({ status }) => status),
    ['live'],
  );
  const second = await platform.grid(['deploy'], { folder });
  assert.equal(second.code, 0, second.out);
  assert.equal((await platform.visit(hostOf(id))).body, 'two');

  platform.kill();
  await until('it is gone', () => !platform.running());
  await platform.start();
  assert.equal((await platform.visit(hostOf(id))).body, 'two');
  assert.equal((await activity())[0]?.status, 'live');
});
