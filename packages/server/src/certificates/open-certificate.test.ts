import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../lib/clock.ts';
import { DAY } from '../lib/duration.ts';
import { temporaryFolder } from '../testing/router.ts';
import { UnusableCertificate, certifiedNames } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { issueCertificate } from './issue.ts';
import { openCertificate } from './open-certificate.ts';
import type { CertificateSettings } from './open-certificate.ts';

const now = systemClock();
const SOMEBODY = 65_534;

function settingsOf(t: TestContext, domain = 'grid.example.com'): CertificateSettings {
  const folder = temporaryFolder(t);
  return {
    keys: join(folder, 'keys'),
    authority: join(folder, 'ca.pem'),
    own: undefined,
    names: certifiedNames(domain),
  };
}

/** What a client that trusts this authority and asks for this name is told. */
async function visit(served: { cert: string; key: string }, ca: string, servername: string) {
  const server = createServer(served, (_, response) => response.end('over TLS'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const checked = servername === '127.0.0.1' ? {} : { servername };
  try {
    return await new Promise((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', ca, agent: false, ...checked }, (answer) =>
        answer.resume().on('end', () => resolve(answer.statusCode)),
      );
      asked.on('error', reject);
      asked.end();
    });
  } finally {
    server.close();
  }
}

const served = ({ certificate, key }: Certificate) => ({
  cert: readFileSync(certificate, 'utf8'),
  key: readFileSync(key, 'utf8'),
});

const serialOf = ({ certificate }: Certificate): string =>
  new X509Certificate(readFileSync(certificate)).serialNumber;

test('whoever trusts the authority trusts the names of the platform, and no others', async (t) => {
  const found = await openCertificate(settingsOf(t), now);
  const ca = found.authority?.pem ?? '';
  const names = ['grid.example.com', 'app-1.grid.example.com', 'app-1.grid.localhost', 'localhost'];
  for (const name of [...names, '127.0.0.1'])
    assert.equal(await visit(served(found), ca, name), 200, name);
  await assert.rejects(visit(served(found), ca, 'example.com'), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('what the authority signs for other names is trusted by nobody', async (t) => {
  const settings = settingsOf(t);
  const { authority } = await openCertificate(settings, now);
  const pair = {
    certificate: authority?.pem ?? '',
    key: readFileSync(join(settings.keys, 'authority.key'), 'utf8'),
  };
  const order = { subject: 'Bank', names: ['bank.example'], now };
  const { certificate: cert, key } = await issueCertificate(pair, order);
  await assert.rejects(visit({ cert, key }, pair.certificate, 'bank.example'), /permitted subtree/);
});

test('a long domain can be vouched for', async (t) => {
  const domain = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example`;
  const found = await openCertificate(settingsOf(t, domain), now);
  assert.equal(await visit(served(found), found.authority?.pem ?? '', domain), 200);
});

test('private keys are for their owner alone, the authority is for everybody', async (t) => {
  const settings = settingsOf(t);
  const { certificate, authority } = await openCertificate(settings, now);
  for (const path of [certificate, join(settings.keys, 'authority.key')])
    assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(authority?.path ?? '').mode & 0o777, 0o644);
  assert.doesNotMatch(authority?.pem ?? '', /PRIVATE/);
  const [, hex = ''] = /^SHA256:([\dA-F:]{95})$/.exec(authority?.fingerprint ?? '') ?? [];
  assert.equal(hex, new X509Certificate(authority?.pem ?? '').fingerprint256);
});

test('a certificate is kept until thirty days before its end, then renewed by the same authority', async (t) => {
  const settings = settingsOf(t);
  const open = async (at: number) => {
    const found = await openCertificate(settings, at);
    return { serial: serialOf(found), authority: found.authority };
  };
  const first = await open(now);
  assert.deepEqual(await open(now + 366 * DAY), first);
  const renewed = await open(now + 368 * DAY);
  assert.notEqual(renewed.serial, first.serial);
  assert.deepEqual(renewed.authority, first.authority);
});

test('another domain wants another authority, which may not vouch for the one before', async (t) => {
  const settings = settingsOf(t);
  const first = await openCertificate(settings, now);
  const moved = { ...settings, names: certifiedNames('other.example.com') };
  const found = await openCertificate(moved, now);
  assert.notEqual(found.authority?.fingerprint, first.authority?.fingerprint);
  assert.equal(await visit(served(found), found.authority?.pem ?? '', 'other.example.com'), 200);
  const serial = serialOf(found);
  assert.equal(serialOf(await openCertificate(moved, now)), serial);
});

test('a key that was lost or belongs to another certificate is made again', async (t) => {
  const settings = settingsOf(t);
  const first = await openCertificate(settings, now);
  const other = settingsOf(t);
  await openCertificate(other, now);
  const key = 'authority.key';
  writeFileSync(join(settings.keys, key), readFileSync(join(other.keys, key)));
  const found = await openCertificate(settings, now);
  assert.notEqual(found.authority?.fingerprint, first.authority?.fingerprint);
  assert.equal(await visit(served(found), found.authority?.pem ?? '', 'localhost'), 200);
});

test('a certificate that was brought is used as it is', async (t) => {
  const { certificate, key } = await openCertificate(settingsOf(t), now);
  const own = { certificate, key };
  const settings = { ...settingsOf(t), own };
  assert.deepEqual(await openCertificate(settings, now), { ...own, authority: undefined });
});

test('one that was brought and cannot be used says why, and what to do', async (t) => {
  const settings = settingsOf(t);
  const { certificate, key } = await openCertificate(settings, now);
  const other = await openCertificate(settingsOf(t), now);
  const refused = async (own: { certificate: string; key: string }, says: RegExp, at = now) => {
    await assert.rejects(openCertificate({ ...settings, own }, at), (error: Error) => {
      assert.ok(error instanceof UnusableCertificate);
      assert.match(error.message, says);
      return true;
    });
  };
  const folder = temporaryFolder(t);
  const nothing = join(folder, 'nothing.pem');
  const text = join(folder, 'text.pem');
  writeFileSync(text, 'hello');
  await refused({ certificate: nothing, key }, /tlsCertificate names .*nothing\.pem.*ENOENT/);
  await refused({ certificate: folder, key }, /tlsCertificate names .*EISDIR/);
  await refused({ certificate, key: nothing }, /tlsKey names .*nothing\.pem.*ENOENT/);
  await refused({ certificate: text, key }, /not a certificate in PEM/);
  await refused({ certificate, key: text }, /not a private key/);
  await refused({ certificate, key: other.key }, /is not the key of/);
  await refused({ certificate, key }, /has expired on .*put a new one/, now + 400 * DAY);
  await refused({ certificate, key }, /not valid before .*clock/, now - 2 * DAY);
  // for whom nothing is closed is somebody else meanwhile
  const isRoot = process.getuid?.() === 0;
  const open = join(folder, 'open.pem');
  copyFileSync(certificate, open);
  for (const path of [folder, open]) chmodSync(path, 0o755);
  chmodSync(text, 0);
  if (isRoot) process.seteuid?.(SOMEBODY);
  try {
    await refused({ certificate: open, key: text }, /tlsKey names .*EACCES/);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
