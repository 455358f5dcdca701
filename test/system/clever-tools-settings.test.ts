import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { needProgram } from '../../packages/server/src/testing/need.ts';
import { fails, linkedApps, openClever, succeeds, workFolder } from './clever.ts';
import { openPlatform, run } from './platform.ts';

/** The official command line: variables, options, sizes, domains, links, the account. */
const PASSWORD = 'correct horse battery staple';
const platform = await openPlatform({ GRID_PASSWORD: PASSWORD });
after(() => platform.end());
const clever = await openClever(platform);
const { base } = clever;

const web = await workFolder(platform, 'app', { 'server.py': '' });
const here = { cwd: web.cwd };

const does = async (args: readonly string[], options: object = here): Promise<string> =>
  succeeds(await clever.run(args, options));
const shows = async <T>(args: readonly string[], options: object = here): Promise<T> =>
  JSON.parse(await does([...args, '-F', 'json'], options)) as T;

await does(['create', '--type', 'ml_python_web', '--org', 'Lab', 'web1']);
const applicationId = linkedApps(web.cwd)[0]?.app_id ?? '';

test('E1 E2 a variable is set and shown', async () => {
  const saved = await does(['env', 'set', 'FOO', 'bar baz']);
  assert.match(saved, /environment variable has been successfully saved/);
  assert.match(await does(['env']), /FOO="bar baz"/);
  const env = await shows<{ env: unknown[]; fromAddons: unknown[]; fromDependencies: unknown[] }>([
    'env',
  ]);
  assert.deepEqual([env.fromAddons, env.fromDependencies], [[], []]);
  assert.ok(env.env.length >= 1);
});

test('E3 E4 E5 variables are imported and removed', async () => {
  await does(['env', 'import'], { ...here, input: 'X=1\nY="two words"\n' });
  const shell = (await does(['env', '-F', 'shell'])).trim().split('\n');
  assert.deepEqual(shell.filter((line) => line.startsWith('export')).toSorted(), [
    'export X="1";',
    'export Y="two words";',
  ]);
  await does(['env', 'import', '--json'], { ...here, input: '[{"name":"Z","value":"9"}]' });
  assert.deepEqual((await shows<{ env: object[] }>(['env'])).env, [{ name: 'Z', value: '9' }]);
  await does(['env', 'rm', 'Z']);
  assert.notEqual((await clever.run(['env', 'rm', 'Z'], here)).code, 500);
  assert.deepEqual((await shows<{ env: object[] }>(['env'])).env, []);
});

test('values come back as they went in, whatever they hold', async () => {
  for (const value of ['$HOME `id` "quoted" \\ back', 'line one\nline two', 'é ✓ 😀', '', '-x']) {
    await does(['env', 'set', 'ODD', '--', value]);
    const { env } = await shows<{ env: { name: string; value: string }[] }>(['env']);
    assert.equal(env.find(({ name }) => name === 'ODD')?.value, value);
  }
  await does(['env', 'rm', 'ODD']);
});

test('E6 what the application shows to others', async () => {
  await does(['published-config', 'set', 'PUB', '1']);
  assert.deepEqual(await shows(['published-config']), [{ name: 'PUB', value: '1' }]);
  await does(['published-config', 'rm', 'PUB']);
  assert.deepEqual(await shows(['published-config']), []);
});

test('E7 E8 options', async () => {
  assert.match(await does(['config']), /force-https/);
  const updated = await does(['config', 'set', 'force-https', 'true']);
  assert.match(updated, /successfully updated to true!/);
  assert.equal((await does(['config', 'get', 'force-https'])).trim(), 'true');
  for (const [name, value] of [
    ['zero-downtime', 'false'],
    ['sticky-sessions', 'true'],
    ['cancel-on-push', 'true'],
    ['task', 'true'],
    ['task', 'false'],
  ] as const) {
    await does(['config', 'set', name, value]);
    assert.equal((await does(['config', 'get', name])).trim(), value, name);
  }
  await does(['config', 'update', '--name', 'web1b', '--description', 'd']);
  const shown = await does(['config']);
  assert.match(shown, /web1b/);
  await does(['config', 'update', '--name', 'web1']);
  assert.equal(linkedApps(web.cwd)[0]?.alias, 'web1');
});

type Status = {
  separateBuild: boolean;
  buildFlavor: string;
  scalability: { vertical: object; horizontal: object };
};

test('E9 E10 E11 sizes', async () => {
  assert.match(await does(['scale', '--flavor', 'M']), /App rescaled successfully/);
  assert.deepEqual((await shows<Status>(['status'])).scalability.vertical, { min: 'M', max: 'M' });
  const range = ['--min-instances', '1', '--max-instances', '3', '--build-flavor', 'XL'];
  await does(['scale', ...range]);
  const { scalability, separateBuild, buildFlavor } = await shows<Status>(['status']);
  assert.deepEqual(scalability.horizontal, { min: 1, max: 3 });
  assert.deepEqual([separateBuild, buildFlavor], [true, 'XL']);
  await does(['scale', '--build-flavor', 'disabled']);
  assert.equal((await shows<Status>(['status'])).separateBuild, false);
  const tooMuch = await clever.run(['scale', '--flavor', '3XL'], here);
  fails(tooMuch, /3XL.*never fits here.*nearest/s);
});

test('a size with GPUs is refused with the reason while none is mapped', async () => {
  const create = ['create', '--type', 'ml_python:ML_XS', '--org', 'Lab', 'with-gpu'];
  fails(await clever.run(create, here), /ML_XS.*never fits.* 0 × GPU/s);
});

test('E12 domains with a path', async () => {
  assert.match(await does(['domain']), new RegExp(applicationId.replace('app_', 'app-')));
  await does(['domain', 'add', 'ex.example.com/path']);
  assert.match(await does(['domain']), /ex\.example\.com\/path/);
  await does(['domain', 'rm', 'ex.example.com/path']);
  assert.doesNotMatch(await does(['domain']), /ex\.example\.com/);
});

test('E13 E14 the favourite domain', async () => {
  const none = await clever.run(['domain', 'favourite'], here);
  assert.match(none.out + none.err, /No favourite domain set/);
  await does(['domain', 'add', 'ex.example.com']);
  await does(['domain', 'favourite', 'set', 'ex.example.com']);
  assert.match(await does(['domain']), /^\* ex\.example\.com/m);
  await does(['domain', 'favourite', 'unset']);
  assert.doesNotMatch(await does(['domain']), /^\* ex/m);
});

test('E15 all domains, and where their records should lead', async (t) => {
  if (!needProgram(t, 'curl')) return;
  const overview = JSON.stringify(await shows(['domain', 'overview'], {}));
  assert.match(overview, /web1/);
  const load = `/v4/load-balancers/organisations/${platform.organizationId}/applications/${applicationId}/load-balancers/default`;
  const dns = await clever.run(['curl', `${base}${load}`, '-sk']);
  assert.match(succeeds(dns), /"cname":"localhost","a":\["127\.0\.0\.1"\]/);
});

test('F1 F2 F7 linking', async () => {
  const other = await workFolder(platform, 'other', { a: '' });
  const linked = { cwd: other.cwd };
  assert.match(await does(['link', applicationId], linked), /successfully linked/);
  assert.equal(linkedApps(other.cwd)[0]?.org_id, platform.organizationId);
  const job = await workFolder(platform, 'job', { a: '' });
  await does(['create', '--type', 'ml_python', '--org', 'Lab', 'job1'], { cwd: job.cwd });
  await does(['link', 'job1', '--org', 'Lab', '--alias', 'w'], linked);
  await does(['unlink', 'w'], linked);
  await does(['make-default', 'web1'], linked);
  await does(['applications', '--json'], linked);
});

test('F3 F4 F5 applications and owners by id and name', async () => {
  const byId = await does(['status', '--app', applicationId], {});
  assert.equal(await does(['status', '--app', 'web1'], {}), byId);
  fails(await clever.run(['status', '--app', 'nope']), /Application not found/);
  const foreign = 'app_11111111-1111-4111-8111-111111111111';
  fails(await clever.run(['status', '--app', foreign]), /Application not found/);
  fails(await clever.run(['applications', 'list', '--org', 'Nope']), /Organisation not found/);
});

test('F6 the personal space', async () => {
  const own = await workFolder(platform, 'own', { a: '' });
  await does(['create', '--type', 'ml_python', 'perso'], { cwd: own.cwd });
  await does(['status', '--app', 'perso'], {});
  assert.match(await does(['applications', 'list'], {}), /perso/);
});

test('two applications of one name are told apart by id', async () => {
  const twin = await workFolder(platform, 'twin', { a: '' });
  await does(['create', '--type', 'ml_python', '--alias', 'twin', 'web1'], { cwd: twin.cwd });
  fails(await clever.run(['status', '--app', 'web1']), /multiple applications/);
  assert.match(await does(['status', '--app', applicationId], {}), /web1/);
  await does(['delete', '-y'], { cwd: twin.cwd });
});

test('services: applications that depend on each other', async () => {
  const job = { cwd: join(platform.home, 'job') };
  await does(['published-config', 'set', 'PUB', '1'], job);
  await does(['service', 'link-app', 'job1']);
  assert.match(await does(['env']), /# Dependency job1[\s\S]*PUB="1"/);
  const services = JSON.stringify(await shows(['service']));
  assert.match(services, /job1/);
  await does(['service', 'unlink-app', 'job1']);
  assert.doesNotMatch(await does(['env']), /PUB/);
});

test('H2 SSH keys', async () => {
  const key = join(platform.home, 'second');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'me at home', '-f', key]);
  const line = readFileSync(`${key}.pub`, 'utf8').trim();
  await does(['ssh-keys', 'add', 'my key/1', `${key}.pub`], {});
  const keys = await shows<{ name: string; key: string; fingerprint: string }[]>(['ssh-keys'], {});
  const added = keys.find(({ name }) => name === 'my key/1');
  assert.equal(added?.key, line);
  assert.match(added?.fingerprint ?? '', /^SHA256:/);
  fails(await clever.run(['ssh-keys', 'add', 'bad', key]), /not valid/);
  await does(['ssh-keys', 'remove', 'my key/1'], {});
  assert.doesNotMatch(await does(['ssh-keys'], {}), /my key/);
});

test('H3 e-mail addresses', async () => {
  assert.deepEqual(await shows(['emails'], {}), { primary: 'ada@example.com', secondary: [] });
  await does(['emails', 'add', 'ada@work.example'], {});
  fails(await clever.run(['emails', 'add', 'ada@work.example']), /already belongs to your account/);
  const { secondary } = await shows<{ secondary: string[] }>(['emails'], {});
  assert.deepEqual(secondary, ['ada@work.example']);
  await does(['emails', 'primary', 'ada@work.example'], {});
  assert.deepEqual(await shows(['emails'], {}), {
    primary: 'ada@work.example',
    secondary: ['ada@example.com'],
  });
  await does(['emails', 'primary', 'ada@example.com'], {});
  await does(['emails', 'remove', 'ada@work.example'], {});
});

test('H4 API tokens', async (t) => {
  if (!needProgram(t, 'curl')) return;
  const create = ['tokens', 'create', 't1', '-e', '30d', '-F', 'json'];
  const wrong = await clever.run(create, { input: 'nonsense\n' });
  fails(wrong, /Invalid credentials, check your password/);
  const printed = await does(create, { input: `${PASSWORD}\n` });
  const created = JSON.parse(printed.slice(printed.indexOf('{'))) as {
    apiTokenId: string;
    apiToken: string;
  };
  const ca = clever.environment['NODE_EXTRA_CA_CERTS'] ?? '/dev/null';
  const authorization = `Authorization: Bearer ${created.apiToken}`;
  const whoAmI = () => run('curl', ['-s', '--cacert', ca, '-H', authorization, `${base}/v2/self`]);
  assert.match((await whoAmI()).out, /ada@example\.com/);
  const listed = await shows<{ apiTokenId: string; state: string }[]>(['tokens'], {});
  assert.deepEqual(
    listed.map(({ apiTokenId, state }) => [apiTokenId, state]),
    [[created.apiTokenId, 'ACTIVE']],
  );
  await does(['tokens', 'revoke', created.apiTokenId], {});
  assert.match((await whoAmI()).out, /Sign in/);
});

test('H10 the links that the command line opens', async () => {
  const opened = await clever.run(['open', '-v'], here);
  assert.match(succeeds(opened), /Opening/);
  assert.match(opened.out + opened.err, /https:\/\/ex\.example\.com|https:\/\/app-/);
  const console = await clever.run(['console', '-v'], here);
  assert.match(succeeds(console), /Opening/);
  assert.ok(
    (console.out + console.err).includes(`${base}/organisations/${platform.organizationId}`),
  );
});
