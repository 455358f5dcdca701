import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openCertificate } from '../../packages/server/src/certificates/open-certificate.ts';
import { needProgram } from '../../packages/server/src/testing/need.ts';
import { hostOf, openPlatform, run, serverOf, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

const authority = join(platform.data, 'ca.pem');
const url = (): string => `https://localhost:${platform.httpsPort()}`;

/** What real curl is answered, and its exit code. */
const curl = (address: string, ...options: string[]) => run('curl', ['-sS', ...options, address]);

type Status = { url: string; caPath?: string; caFingerprint?: string };

async function readStatus(): Promise<Status> {
  const { out } = await platform.grid(['status', '--data-directory', platform.data, '--json']);
  return JSON.parse(out) as Status;
}

test('curl trusts the platform with its authority, which anybody can ask for, and not without', async (t) => {
  if (!needProgram(t, 'curl') || !needProgram(t, 'openssl')) return;
  const status = await readStatus();
  assert.equal(status.url, url());
  assert.equal(status.caPath, authority);
  const fingerprint = await run('openssl', [
    'x509',
    '-in',
    authority,
    '-noout',
    '-sha256',
    '-fingerprint',
  ]);
  assert.ok(fingerprint.out.includes(String(status.caFingerprint).replace('SHA256:', '')));
  const address = `${url()}/grid/v1/status`;
  assert.match((await curl(address, '--cacert', authority)).out, /"claimed":true/);
  assert.notEqual((await curl(address)).code, 0);
  for (const open of [`${url()}/ca.pem`, `http://localhost:${platform.port()}/ca.pem`])
    assert.equal((await curl(open, '--insecure')).out, readFileSync(authority, 'utf8'));
});

test('git pushes and clones over https', async () => {
  const folder = await platform.repository({ 'main.py': 'print("pushed over https")\n' });
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
  const id = await platform.create(folder, { type: 'ml_python', env });
  const shown = await platform.grid(['app', 'show', id, '--format', 'json']);
  const { deployment } = JSON.parse(shown.out) as { deployment: { httpUrl: string } };
  assert.equal(deployment.httpUrl, `${url()}/git/${id}.git`);
  const pair = `https://${platform.token}:${platform.secret}@`;
  const address = deployment.httpUrl.replace('https://', pair);
  const { GIT_SSL_CAINFO: _, ...environment } = process.env;
  const git = (args: readonly string[], trusted: Record<string, string>) =>
    run('git', args, { cwd: folder, env: { ...environment, ...trusted } });
  const trusting = { GIT_SSL_CAINFO: authority };
  const pushed = await git(['push', address, 'HEAD:master'], trusting);
  assert.equal(pushed.code, 0, pushed.out);
  assert.notEqual((await git(['ls-remote', address], {})).code, 0);
  const copy = join(platform.home, 'copy');
  const cloned = await git(['clone', '--quiet', address, copy], trusting);
  assert.equal(cloned.code, 0, cloned.out);
  assert.match(readFileSync(join(copy, 'main.py'), 'utf8'), /pushed over https/);
  await until('the run is over', async () =>
    (await platform.grid(['activity', '--app', id])).out.includes('completed'),
  );
});

test('applications answer over both, and over https alone where they demand it', async (t) => {
  if (!needProgram(t, 'curl')) return;
  const folder = await platform.repository({ 'server.py': serverOf('both') });
  const env = ['CC_MLPYTHON_RUN_MAIN=server.py'];
  const id = await platform.create(folder, { type: 'ml_python_web', env });
  assert.equal((await platform.grid(['deploy'], { folder })).code, 0);
  const host = hostOf(id);
  const resolve = ['--resolve', `${host}:${platform.httpsPort()}:127.0.0.1`];
  const trusting = [...resolve, '--cacert', authority];
  const secure = `https://${host}:${platform.httpsPort()}/`;
  assert.equal((await curl(secure, ...trusting)).out, 'both');
  assert.equal((await platform.visit(host)).body, 'both');
  const { out } = await platform.grid(['status', '--app', id]);
  assert.ok(out.includes(secure.slice(0, -1)), out);
  const path = `/v2/organisations/${platform.organizationId}/applications/${id}`;
  const as = ['-H', `authorization: Bearer ${platform.token}.${platform.secret}`];
  const json = ['-H', 'content-type: application/json', '-d', '{"forceHttps":"ENABLED"}'];
  await curl(`${url()}${path}`, '--cacert', authority, '-X', 'PUT', ...as, ...json);
  await until('it demands https', async () => (await platform.visit(host)).status === 301);
  assert.equal((await curl(secure, ...trusting)).out, 'both');
});

/** A certificate of another authority, as an operator may bring it. */
async function bring(name: string, at: number) {
  const keys = join(platform.home, name);
  const { certificate, key, authority } = await openCertificate(
    { keys, authority: join(platform.home, `${name}.pem`), own: undefined, names: ['localhost'] },
    at,
  );
  return {
    env: { GRID_TLS_CERTIFICATE: certificate, GRID_TLS_KEY: key },
    ca: authority?.path ?? '',
  };
}

test('a certificate that was brought is served from the next start on, and the own one again without it', async (t) => {
  if (!needProgram(t, 'curl')) return;
  const before = await readStatus();
  const { env, ca } = await bring('brought', Date.now());
  await platform.restart(env);
  assert.equal((await readStatus()).caFingerprint, undefined);
  const address = `${url()}/grid/v1/status`;
  assert.match((await curl(address, '--cacert', ca)).out, /"claimed":true/);
  assert.match((await curl(`${url()}/ca.pem`, '--cacert', ca)).out, /not from an authority/);
  assert.notEqual((await curl(address, '--cacert', authority)).code, 0);
  await platform.restart();
  assert.deepEqual(
    await readStatus().then(({ caFingerprint }) => caFingerprint),
    before.caFingerprint,
  );
  assert.match((await curl(address, '--cacert', authority)).out, /"claimed":true/);
});

test('a certificate that cannot be used keeps the platform from starting, and says what to do', async () => {
  const { env } = await bring('expired', Date.now() - 800 * 86_400_000);
  const elsewhere = ['up', '--data-directory', join(platform.home, 'elsewhere')];
  const expired = await platform.grid(elsewhere, { env });
  assert.equal(expired.code, 2);
  assert.match(expired.out, /has expired on .*put a new one in its place/);
  const text = join(platform.home, 'text.pem');
  writeFileSync(text, 'hello');
  const wrong = await platform.grid(elsewhere, { env: { ...env, GRID_TLS_KEY: text } });
  assert.match(wrong.out, /not a private key/);
  const half = await platform.grid(elsewhere, { env: { GRID_TLS_KEY: text } });
  assert.equal(half.code, 2);
  assert.match(half.out, /give both, or none/);
});
