import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostOf, openPlatform, serverOf } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

test('a pushed Runner is built, run once, logged and billed', async () => {
  const folder = await platform.repository({
    'main.py': 'import os\nprint("number", os.environ["INSTANCE_NUMBER"])\n',
  });
  const env = ['CC_MLPYTHON_RUN_MAIN=./main.py'];
  const id = await platform.create(folder, { type: 'ml_python', env });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.equal(out.match(/number 0/g)?.length, 1, out);
  const attempts = `select a.number from attempts a join runs r on r.id = a.run_id where r.application_id = '${id}'`;
  assert.equal(platform.query(attempts).length, 1);
  assert.match(out, /run succeeded in/);
  const usage = await platform.grid(['usage', '--format', 'json']);
  const { applications } = JSON.parse(usage.out) as { applications: { minutes: number }[] };
  assert.equal(applications[0]?.minutes, 1);
});

test('N nodes run with their numbers, and fail when one does', async () => {
  const main =
    'import os,sys\nn=int(os.environ["INSTANCE_NUMBER"])\nprint("node", n)\nsys.exit(3 if n == 1 else 0)\n';
  const folder = await platform.repository({ 'main.py': main });
  await platform.create(folder, {
    type: 'ml_python',
    env: ['CC_MLPYTHON_RUN_MAIN=main.py'],
    args: ['--nodes', '3', '--flavor', 'pico'],
  });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 1);
  for (const node of [0, 1, 2]) assert.match(out, new RegExp(`node ${node}$`, 'm'));
  assert.match(out, /node 1: exit code 3/);
});

test('a Webapp goes live, a broken version leaves it serving, and an older commit comes back', async () => {
  const folder = await platform.repository({ 'server.py': serverOf('one') });
  const id = await platform.create(folder, {
    type: 'ml_python_web',
    env: ['CC_MLPYTHON_RUN_MAIN=server.py', 'CG_START_TIMEOUT=5'],
  });
  const first = await platform.grid(['deploy'], { folder });
  assert.equal(first.code, 0, first.out);
  assert.deepEqual(await platform.visit(hostOf(id)), { status: 200, body: 'one' });
  const { out: head } = await platform.git(['rev-parse', 'HEAD'], folder);

  writeFileSync(join(folder, 'server.py'), 'raise SystemExit(7)\n');
  await platform.git(['commit', '--all', '--quiet', '--message', 'broken'], folder);
  const second = await platform.grid(['deploy'], { folder });
  assert.equal(second.code, 1);
  assert.match(second.out, /ended before it served: exit code 7/);
  assert.equal((await platform.visit(hostOf(id))).body, 'one');

  writeFileSync(join(folder, 'server.py'), serverOf('two'));
  await platform.git(['commit', '--all', '--quiet', '--message', 'two'], folder);
  assert.equal((await platform.grid(['deploy'], { folder })).code, 0);
  assert.equal((await platform.visit(hostOf(id))).body, 'two');

  assert.equal((await platform.grid(['restart', '--commit', head.trim()], { folder })).code, 0);
  assert.equal((await platform.visit(hostOf(id))).body, 'one');

  await platform.grid(['stop'], { folder });
  assert.equal((await platform.visit(hostOf(id))).status, 503);
});

test('other branches are refused with what to do, tags are kept, history may be rewritten with --force', async () => {
  const folder = await platform.repository({ 'main.py': 'print(1)\n' });
  const id = await platform.create(folder, {
    type: 'ml_python',
    env: ['CC_MLPYTHON_RUN_MAIN=main.py'],
  });
  const feature = await platform.git(['push', 'grid', 'HEAD:refs/heads/feature'], folder);
  assert.notEqual(feature.code, 0);
  assert.match(feature.out, /git push <remote> feature:master/);
  await platform.git(['tag', 'v1'], folder);
  assert.equal((await platform.git(['push', 'grid', 'v1'], folder)).code, 0);
  const tags = await platform.git(['ls-remote', '--tags', 'grid'], folder);
  assert.match(tags.out, /refs\/tags\/v1$/m);
  assert.deepEqual(platform.query(`select id from deployments where application_id = '${id}'`), []);
  assert.equal((await platform.git(['push', 'grid', 'HEAD:main'], folder)).code, 0);
  await platform.git(['commit', '--amend', '--quiet', '--message', 'rewritten'], folder);
  assert.notEqual((await platform.git(['push', 'grid', 'HEAD:main'], folder)).code, 0);
  assert.equal((await platform.git(['push', '--force', 'grid', 'HEAD:main'], folder)).code, 0);
  const rows = platform.query<{ commit_id: string }>(
    `select commit_id from deployments where application_id = '${id}'`,
  );
  assert.equal(rows.length, 2);
});

test('git over HTTP takes the token pair, and nothing else', async () => {
  const folder = await platform.repository({ 'main.py': 'print(1)\n' });
  const id = await platform.create(folder, {
    type: 'ml_python',
    env: ['CC_MLPYTHON_RUN_MAIN=main.py'],
  });
  const { token, secret } = platform;
  const address = (user: string) => `http://${user}@127.0.0.1:${platform.port()}/git/${id}.git`;
  for (const wrong of [
    `${token}:wrong-secret`,
    `${token}:${token}`,
    `${secret}:${token}`,
    'ada:x',
  ]) {
    const { code, out } = await platform.git(['push', address(wrong), 'HEAD:master'], folder);
    assert.notEqual(code, 0);
    assert.match(out, /Authentication failed/);
  }
  const right = await platform.git(['push', address(`${token}:${secret}`), 'HEAD:master'], folder);
  assert.equal(right.code, 0, right.out);
  assert.equal(
    platform.query(`select id from deployments where application_id = '${id}'`).length,
    1,
  );
});

test('hooks run in their order, and one that fails ends the deployment', async () => {
  const folder = await platform.repository({ 'main.py': 'print("main")\n' });
  const hooks = ['PRE_BUILD', 'POST_BUILD', 'PRE_RUN'].map(
    (name) => `CC_${name}_HOOK=echo ${name}`,
  );
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py', 'CC_RUN_SUCCEEDED_HOOK=echo SUCCEEDED', ...hooks];
  await platform.create(folder, { type: 'ml_python', env });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.match(out, /PRE_BUILD[\s\S]*POST_BUILD[\s\S]*PRE_RUN[\s\S]*main[\s\S]*SUCCEEDED/);
  await platform.grid(['env', 'set', 'CC_PRE_RUN_HOOK=exit 4'], { folder });
  const failed = await platform.grid(['restart'], { folder });
  assert.equal(failed.code, 1);
  assert.match(failed.out, /CC_PRE_RUN_HOOK failed/);
});
