import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { need, needProgram } from '../../packages/server/src/testing/need.ts';
import { fails, linkedApps, openClever, succeeds, workFolder } from './clever.ts';
import { openPlatform, run, serverOf, several, until } from './platform.ts';

/** The official command line where something goes wrong, on its user's side or on ours. */
const platform = await openPlatform(several);
after(() => platform.end());
const clever = await openClever(platform);
const { base } = clever;

let made = 0;

/** A Webapp in a folder of its own, linked. */
async function webapp(...settings: [name: string, value: string][]) {
  made += 1;
  const name = `web-${made}`;
  const folder = await workFolder(platform, name, { 'server.py': serverOf('one') });
  const here = { cwd: folder.cwd };
  succeeds(await clever.run(['create', '--type', 'ml_python_web', '--org', 'Lab', name], here));
  const variables = [['CC_MLPYTHON_RUN_MAIN', 'server.py'], ...settings] as const;
  for (const [variable, value] of variables)
    succeeds(await clever.run(['env', 'set', variable, value], here));
  const activity = async () =>
    JSON.parse(succeeds(await clever.run(['activity', '-F', 'json'], here))) as {
      state: string;
      commit: string;
    }[];
  return { ...folder, here, name, activity, id: linkedApps(folder.cwd)[0]?.app_id ?? '' };
}

test('I1 what is not there yet is refused with our sentence', async () => {
  const { here, id } = await webapp();
  const owner = platform.organizationId;
  for (const [command, path] of [
    [['tcp-redirs', 'list-namespaces'], `/v2/organisations/${owner}/namespaces`],
    [['drain'], `/v4/drains/organisations/${owner}/resources/${id}/drains`],
    [['webhooks'], `/v2/notifications/webhooks/${owner}`],
    [['notify-email'], `/v2/notifications/emailhooks/${owner}`],
  ] as const)
    fails(
      await clever.run([...command], here),
      new RegExp(`There is nothing at GET ${path}\\.$`, 'm'),
    );
  const addOn = await clever.run(['addon', 'create', 'postgresql-addon', 'db'], here);
  fails(addOn, /Invalid provider name\. Available providers: *$/m);
});

test('I2 an address with a slash at its end', async () => {
  succeeds(await clever.run(['profile'], { env: { API_HOST: `${base}/` } }));
});

test('I4 rights that are missing are refused with our message, and not as a lost login', async () => {
  const { here } = await webapp();
  platform.change(`update members set role = 'ACCOUNTING'`);
  const refused = await clever.run(['env', 'set', 'X', '1'], here);
  platform.change(`update members set role = 'ADMIN'`);
  fails(refused, /Your role there \(ACCOUNTING\) does not allow this/);
});

test('a folder that is not linked, and one that is no repository', async () => {
  for (const [command, cwd] of [
    ['deploy', platform.home],
    ['status', '/'],
  ] as const)
    fails(await clever.run([command], { cwd }), /There is no linked or targeted application/);
});

test('a token whose time is over', async () => {
  const { token } = platform;
  platform.change(`update tokens set expires_at = 1 where token = '${token}'`);
  const late = await clever.run(['applications', 'list']);
  platform.change(`update tokens set expires_at = null where token = '${token}'`);
  fails(late, /You're not logged in/);
});

test('one name in two organizations', async (t) => {
  if (!needProgram(t, 'curl')) return;
  const { here, name, id } = await webapp();
  const created = await clever.run([
    'curl',
    `${base}/grid/v1/organizations`,
    '-sk',
    '-H',
    'content-type: application/json',
    '-d',
    '{"name":"Other"}',
  ]);
  assert.match(succeeds(created), /orga_/);
  const twin = await workFolder(platform, `${name}-twin`, { a: '' });
  const create = ['create', '--type', 'ml_python_web', '--org', 'Other', name];
  succeeds(await clever.run(create, { cwd: twin.cwd }));
  fails(await clever.run(['status', '--app', name]), /multiple applications/);
  assert.match(succeeds(await clever.run(['status', '--app', id])), new RegExp(name));
  assert.match(succeeds(await clever.run(['status'], here)), new RegExp(name));
});

test('a push while another is being built waits for it, and both are what they say', async () => {
  // long enough for a second push on a machine that is busy
  const slow = await webapp(['CC_POST_BUILD_HOOK', 'sleep 20']);
  const first = clever.start(['deploy'], slow.here);
  await first.prints(/Deployment started/);
  const commit = await slow.commit({ 'server.py': serverOf('two') });
  const second = await clever.run(['deploy'], slow.here);
  assert.match(succeeds(second), /Waits for deployment #1/);
  succeeds(await first.ended);
  const states = (await slow.activity()).map(({ state }) => state);
  assert.deepEqual(states, ['OK', 'OK']);
  assert.equal((await slow.activity()).at(-1)?.commit, commit);
});

test('Ctrl-C leaves a deployment to go on by itself', async () => {
  const left = await webapp(['CC_POST_BUILD_HOOK', 'sleep 1']);
  const deploying = clever.start(['deploy'], left.here);
  await deploying.prints(/Deployment started/);
  deploying.child.kill('SIGINT');
  await deploying.ended;
  await until('it is live', async () => (await left.activity()).at(-1)?.state === 'OK');
});

test('a restart of the platform during a deploy is not noticed', async () => {
  const { here, activity } = await webapp(['CC_POST_BUILD_HOOK', 'sleep 4']);
  const deploying = clever.start(['deploy'], here);
  await deploying.prints(/Deployment started/);
  platform.kill();
  await until('it is gone', () => !platform.running());
  await platform.start();
  assert.match(succeeds(await deploying.ended), /✓ Access your application/);
  assert.equal((await activity()).at(-1)?.state, 'OK');
});

test('I5 while the disk is full nothing is taken, and what is shown later is true', async (t) => {
  if (!need(t, process.getuid?.() === 0, 'root, to give the platform a small disk')) return;
  const small = await openPlatform({}, async (data) => {
    mkdirSync(data);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=192m,mode=711', 'none', data]);
  });
  t.after(async () => {
    await small.grid(['down', '--apps', '--data-directory', small.data]);
    await run('umount', [small.data]);
    await small.end();
  });
  const there = await openClever(small);
  const { cwd, commit } = await workFolder(small, 'full', { 'main.py': 'print("one")\n' });
  const create = [
    'create',
    '--type',
    'ml_python',
    '--org',
    'Lab',
    '--task',
    'python main.py',
    'full',
  ];
  succeeds(await there.run(create, { cwd }));
  succeeds(await there.run(['deploy'], { cwd }));
  const second = await commit({ 'main.py': 'print("two")\n' });
  const filler = join(small.data, 'filler');
  await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']);
  const refused = await there.run(['deploy'], { cwd });
  rmSync(filler);
  assert.equal(refused.code, 1, refused.out);
  // of what a push is answered, this client shows the status alone
  assert.match(refused.err, /HTTP Error: 503 Service Unavailable|disk/);
  const activity = async () =>
    JSON.parse(succeeds(await there.run(['activity', '-F', 'json'], { cwd }))) as {
      state: string;
      commit: string;
    }[];
  const recorded = await activity();
  assert.equal(recorded[0]?.state, 'OK');
  if (recorded.length === 1) succeeds(await there.run(['deploy'], { cwd }));
  await until('the second commit ran', async () => {
    const newest = (await activity()).at(-1);
    return newest?.state === 'OK' && newest.commit === second;
  });
});
