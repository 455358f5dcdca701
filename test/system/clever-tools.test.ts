import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { needProgram } from '../../packages/server/src/testing/need.ts';
import { allowLogin } from './browser.ts';
import { fails, linkedApps, openClever, succeeds, workFolder } from './clever.ts';
import { openPlatform, run, serverOf, until } from './platform.ts';

/**
 * The official command line against the platform as shipped: connection, life of an application, runs.
 * Letters and numbers are those of the compatibility list that the platform keeps to.
 */
const PASSWORD = 'correct horse battery staple';
const platform = await openPlatform({ GRID_PASSWORD: PASSWORD });
after(() => platform.end());
const clever = await openClever(platform);
const { base } = clever;

const signedOut = { CLEVER_TOKEN: undefined, CLEVER_SECRET: undefined };

test('A1 version', async () => {
  assert.equal(succeeds(await clever.run(['version'])).trim(), '4.11.0');
});

test('A2 A3 profile', async () => {
  const shown = succeeds(await clever.run(['profile']));
  assert.match(shown, /\$env \(ada@example\.com\) \[active\]/);
  assert.match(shown, /user_[\da-f-]{36}/);
  assert.match(shown, /Expires on /);
  assert.match(shown, /2FA disabled/);
  const profile = JSON.parse(succeeds(await clever.run(['profile', '-F', 'json']))) as {
    email: string;
    isTokenValid: boolean;
    tokenExpiration: string;
  };
  assert.equal(profile.email, 'ada@example.com');
  assert.equal(profile.isTokenValid, true);
  assert.ok(Date.parse(profile.tokenExpiration) > Date.now());
});

test('A4 A5 A6 wrong credentials, and none', async () => {
  const wrongSecret = { env: { CLEVER_SECRET: 'wrong' } };
  fails(await clever.run(['profile'], wrongSecret), /Your token is invalid or has expired/);
  const wrongToken = { env: { CLEVER_TOKEN: 'wrong' } };
  fails(await clever.run(['applications', 'list'], wrongToken), /You're not logged in/);
  fails(await clever.run(['applications', 'list'], { env: signedOut }), /You're not logged in/);
});

test('A7 diag', async () => {
  const diag = JSON.parse(succeeds(await clever.run(['diag', '-F', 'json']))) as object;
  assert.deepEqual(
    { loggedIn: true, authState: 'authenticated' },
    { loggedIn: Reflect.get(diag, 'loggedIn'), authState: Reflect.get(diag, 'authState') },
  );
});

test('A8 curl', async (t) => {
  if (!needProgram(t, 'curl')) return;
  const ca = clever.environment['NODE_EXTRA_CA_CERTS'] ?? '';
  const asked = await clever.run(['curl', `${base}/v2/self`, '-s', '--cacert', ca]);
  assert.equal((JSON.parse(succeeds(asked)) as { email: string }).email, 'ada@example.com');
  assert.equal((await clever.run(['curl', 'https://example.org/'])).code, 1);
});

test('A9 login with a token pair, and what is stored', async () => {
  const { CLEVER_TOKEN: token = '', CLEVER_SECRET: secret = '' } = clever.environment;
  const hosts = ['--api-host', base, '--console-url', base];
  const login = ['login', '--token', token, '--secret', secret, '--alias', 'ci', ...hosts];
  const out = succeeds(await clever.run(login, { env: signedOut }));
  assert.match(out, /Login successful as ci \(ada@example\.com\)/);
  const stored = { ...signedOut, API_HOST: undefined, CONSOLE_URL: undefined };
  assert.ok(succeeds(await clever.run(['profile'], { env: stored })).includes(`API_HOST: ${base}`));
  assert.match(succeeds(await clever.run(['logout'], { env: stored })), /Logged out of profile ci/);
});

test('A10 A11 login through a browser', async (t) => {
  if (!needProgram(t, 'curl')) return;
  const login = clever.start(['login'], { env: signedOut });
  t.after(() => login.child.kill());
  await login.prints(/Opening \S+/);
  const [, address = ''] = /Opening (\S+)/.exec(login.said.out) ?? [];
  assert.ok(address.startsWith(`${base}/cli-oauth?`), address);
  if (!(await allowLogin(t, address, { email: 'ada@example.com', password: PASSWORD }))) return;
  const out = succeeds(await login.ended);
  assert.match(out, /Login successful as default \(ada@example\.com\)/);
  succeeds(await clever.run(['profile'], { env: signedOut }));
  const word = new URL(address).searchParams.get('cli_token') ?? '';
  const again = await clever.run(['curl', `${base}/v2/self/cli_tokens?cli_token=${word}`, '-sk']);
  assert.match(again.out, /"type":"error"/);
  const list = await clever.run(['profile', 'list', '-F', 'json'], { env: signedOut });
  const profiles = JSON.parse(succeeds(list)) as { isTokenValid: boolean }[];
  assert.deepEqual(
    profiles.map(({ isTokenValid }) => isTokenValid),
    [true],
  );
  succeeds(await clever.run(['logout'], { env: signedOut }));
});

const web = await workFolder(platform, 'app', { 'server.py': serverOf('one') });
const here = { cwd: web.cwd };
type Status = { status: string; commit?: string; instances: { count: number }[] };
const status = async (): Promise<Status> =>
  JSON.parse(succeeds(await clever.run(['status', '-F', 'json'], here))) as Status;
type Activity = { state: string; action: string; commit: string; date: number; uuid: string };
const activity = async (): Promise<Activity[]> =>
  JSON.parse(succeeds(await clever.run(['activity', '-F', 'json'], here))) as Activity[];
const headOf = async (rev = 'HEAD'): Promise<string> =>
  (await platform.git(['rev-parse', rev], web.cwd)).out.trim();

test('B1 create', async () => {
  const create = ['create', '--type', 'ml_python_web', '--org', 'Lab', 'web1'];
  const out = succeeds(await clever.run(create, here));
  assert.match(out, /Application web1 successfully created!/);
  assert.match(out, /ID +app_[\da-f-]{36}/);
  assert.ok(out.includes(platform.organizationId));
  const [linked] = linkedApps(web.cwd);
  assert.equal(linked?.org_id, platform.organizationId);
  assert.match(linked?.deploy_url ?? '', /^https:\/\//);
  assert.match(linked?.git_ssh_url ?? '', /^ssh:\/\//);
  assert.equal(linked?.alias, 'web1');
  succeeds(await clever.run(['env', 'set', 'CC_MLPYTHON_RUN_MAIN', 'server.py'], here));
  succeeds(await clever.run(['env', 'set', 'CG_START_TIMEOUT', '10'], here));
});

test('B2 a type that does not exist', async () => {
  const create = ['create', '--type', 'does-not-exist', 'x'];
  fails(await clever.run(create, here), /does-not-exist type does not exist/);
});

test('B3 applications list', async () => {
  const listed = JSON.parse(succeeds(await clever.run(['applications', 'list', '-F', 'json']))) as {
    name: string;
    applications: { name: string; type: string; zone: string; createdAt: string }[];
  }[];
  const lab = listed.find(({ name }) => name === 'Lab');
  const [one] = lab?.applications ?? [];
  assert.equal(one?.name, 'web1');
  assert.equal(one?.type, 'ml_python_web');
  assert.ok(one?.zone && one.createdAt);
});

test('B4 status before the first push', async () => {
  const out = succeeds(await clever.run(['status'], here));
  assert.match(out, /web1: stopped/);
  assert.match(out, /Executed as: REGULAR/);
});

test('B5 B6 the first deploy', async () => {
  const out = succeeds(await clever.run(['deploy'], here));
  const [{ app_id: id } = { app_id: '' }] = linkedApps(web.cwd);
  const steps = [
    /App is brand new, no commits on remote yet/,
    /✓ Code pushed to Clever Cloud/,
    /✓ Deployment started \(deployment_[\da-f-]{36}\)/,
    /^\d{4}-\d\d-\d\dT\S+: .*/m,
    /✓ Access your application: https:\/\//,
    new RegExp(`→ Manage your application: ${base}/goto/${id}`),
  ];
  let from = 0;
  for (const step of steps) {
    const at = out.slice(from).search(step);
    assert.notEqual(at, -1, `${step}: ${out}`);
    from += at;
  }
  const { status: now, commit, instances } = await status();
  assert.equal(now, 'running');
  assert.equal(commit, await headOf());
  assert.ok((instances[0]?.count ?? 0) >= 1);
});

test('B7 B8 the same commit again', async () => {
  fails(await clever.run(['deploy'], here), /Remote HEAD has the same commit/);
  const ignored = await clever.run(['deploy', '--same-commit-policy', 'ignore'], here);
  assert.match(succeeds(ignored), /The application is up-to-date/);
});

test('B9 a new commit, with the git that the command line brings', async () => {
  const before = await headOf();
  await web.commit({ 'server.py': serverOf('two') });
  const out = succeeds(await clever.run(['deploy'], here));
  assert.match(out, new RegExp(`Remote head +${before}`));
  assert.match(out, new RegExp(`Deployed commit +${before}`));
});

test('B10 a new commit, with the git of the machine', async () => {
  await web.commit({ 'server.py': serverOf('three') });
  succeeds(await clever.run(['features', 'enable', 'system-git']));
  const out = succeeds(await clever.run(['deploy', '-q'], here));
  succeeds(await clever.run(['features', 'disable', 'system-git']));
  assert.match(out, /✓ Deployment started/);
  assert.doesNotMatch(out, /^\d{4}-\d\d-\d\dT/m);
});

test('B11 B12 activity', async () => {
  const all = await activity();
  const newest = all.at(-1);
  assert.deepEqual([newest?.state, newest?.action], ['OK', 'DEPLOY']);
  assert.equal(newest?.commit, await headOf());
  assert.equal(typeof newest?.date, 'number');
  assert.ok(all.every((one, index) => index === 0 || one.date >= (all[index - 1]?.date ?? 0)));
  const rows = succeeds(await clever.run(['activity'], here))
    .trim()
    .split('\n');
  assert.equal(rows.filter((row) => /OK\s+DEPLOY/.test(row)).length, all.length);
  assert.ok(rows.at(-1)?.includes((await headOf()).slice(0, 8)), rows.at(-1));
});

test('B13 what does not start fails, and what served goes on', async () => {
  const good = await headOf();
  await web.commit({ 'server.py': 'print("it breaks")\nraise SystemExit(7)\n' });
  const deployed = await clever.run(['deploy'], here);
  fails(deployed, /Deployment failed\. Please check the logs/);
  assert.match(deployed.out, /it breaks/);
  assert.equal((await activity()).at(-1)?.state, 'FAIL');
  const { status: now, commit } = await status();
  assert.deepEqual([now, commit], ['running', good]);
});

test('B14 B15 B16 restart: the last that served, another commit, without waiting', async () => {
  const good = await headOf('HEAD~1');
  const out = succeeds(await clever.run(['restart'], here));
  assert.match(out, new RegExp(`Restarting web1 .*${good.slice(0, 8)}`));
  const older = await headOf('HEAD~2');
  const short = older.slice(0, 8);
  succeeds(await clever.run(['restart', '--without-cache', '--commit', short], here));
  assert.equal((await status()).commit, older);
  const detached = await clever.run(['restart', '--exit-on', 'deploy-start'], here);
  assert.match(succeeds(detached).trim().split('\n').at(-1) ?? '', /✓ Deployment started/);
});

test('B17 B18 B19 cancelling, with a restart attached elsewhere', async (t) => {
  await until('nothing is under way', async () => (await activity()).at(-1)?.state === 'OK');
  succeeds(await clever.run(['env', 'set', 'CC_PRE_RUN_HOOK', 'sleep 300'], here));
  const attached = clever.start(['restart'], here);
  t.after(() => attached.child.kill());
  await attached.prints(/Deployment started/);
  const cancelled = succeeds(await clever.run(['cancel-deploy'], here));
  assert.match(cancelled, /Deployment deployment_[\da-f-]{36} successfully cancelled!/);
  fails(await attached.ended, /Deployment was cancelled/);
  assert.equal((await activity()).at(-1)?.state, 'CANCELLED');
  fails(await clever.run(['cancel-deploy'], here), /There is no ongoing deployment/);
  succeeds(await clever.run(['env', 'rm', 'CC_PRE_RUN_HOOK'], here));
});

test('B20 stop', async () => {
  assert.match(succeeds(await clever.run(['stop'], here)), /Application successfully stopped!/);
  assert.match(succeeds(await clever.run(['status'], here)), /web1: stopped/);
});

test('B21 history that was rewritten needs --force', async () => {
  await web.commit({ 'server.py': serverOf('four') });
  succeeds(await clever.run(['deploy'], here));
  await platform.git(['commit', '--amend', '--allow-empty', '--message', 'x'], web.cwd);
  fails(await clever.run(['deploy'], here), /not a simple fast-forward/);
  succeeds(await clever.run(['deploy', '--force'], here));
});

test('B22 B23 wrong credentials push nothing', async () => {
  const before = await activity();
  await web.commit({ 'server.py': serverOf('five') });
  fails(await clever.run(['deploy'], { ...here, env: { CLEVER_SECRET: 'wrong' } }), /401/);
  platform.change(`create table kept_members as select * from members`);
  platform.change(`delete from members`);
  const stranger = await clever.run(['deploy'], here);
  const looked = await clever.run(['status'], here);
  platform.change(`insert into members select * from kept_members`);
  platform.change('drop table kept_members');
  fails(stranger, /404|403|not found/i);
  fails(looked, /There is no owner/);
  assert.deepEqual(await activity(), before);
});

test('B24 plain git over https', async () => {
  const { CLEVER_TOKEN: token, CLEVER_SECRET: secret } = clever.environment;
  const address = (linkedApps(web.cwd)[0]?.deploy_url ?? '').replace(
    '://',
    `://${token}:${secret}@`,
  );
  const options = { cwd: web.cwd, env: clever.environment };
  const pushed = await run('git', ['push', address, 'HEAD:master'], options);
  assert.equal(pushed.code, 0, pushed.out);
  const head = await headOf();
  assert.equal((await activity()).at(-1)?.commit, head);
  await until('it is live', async () => (await activity()).at(-1)?.state === 'OK');
});

const job = await workFolder(platform, 'job', { 'main.py': 'print("hello-from-job")\n' });
const there = { cwd: job.cwd };

test('C1 C2 C3 B26 a task runs, shows its lines however short it is, and is gone', async () => {
  const create = ['create', '--type', 'ml_python_web', '--org', 'Lab', '--task', 'python main.py'];
  const made = JSON.parse(succeeds(await clever.run([...create, '-F', 'json', 'job1'], there))) as {
    executedAs: string;
    env: { name: string }[];
  };
  assert.equal(made.executedAs, 'TASK');
  assert.ok(made.env.some(({ name }) => name === 'CC_RUN_COMMAND'));
  assert.match(succeeds(await clever.run(['deploy'], there)), /hello-from-job/);
  assert.match(succeeds(await clever.run(['restart'], there)), /hello-from-job/);
  const out = succeeds(await clever.run(['status'], there));
  assert.match(out, /Executed as: TASK/);
  assert.match(out, /job1: stopped/);
});

test('C4 a task that fails', async () => {
  succeeds(await clever.run(['env', 'set', 'CC_RUN_COMMAND', 'exit 3'], there));
  fails(await clever.run(['restart'], there), /Deployment failed/);
});

test('C5 a task that is started and followed later', async (t) => {
  const command = 'for i in $(seq 1000); do echo tick-$i; sleep 0.2; done';
  succeeds(await clever.run(['env', 'set', 'CC_RUN_COMMAND', command], there));
  succeeds(await clever.run(['restart', '--exit-on', 'deploy-start'], there));
  const logs = clever.start(['logs'], there);
  t.after(() => logs.child.kill());
  await logs.prints(/tick-\d+[\s\S]*tick-\d+/);
  succeeds(await clever.run(['stop'], there));
});

test('B25 delete', async () => {
  const out = succeeds(await clever.run(['delete', '-y'], here));
  assert.match(out, /Application web1 successfully deleted!/);
  assert.deepEqual(linkedApps(web.cwd), []);
  assert.doesNotMatch(succeeds(await clever.run(['applications', 'list'])), /web1/);
});
