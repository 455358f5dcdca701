import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { certifiedNames } from '../../server/src/certificates/certificate.ts';
import { openCertificate } from '../../server/src/certificates/open-certificate.ts';
import { needProgram } from '../../server/src/testing/need.ts';

const bin = join(import.meta.dirname, '..', '..', '..', 'bin', 'grid');

const ANSWERS: Record<string, object> = {
  '/grid/v1/status': {
    version: '0.1.0',
    claimed: true,
    isolated: true,
    url: 'https://localhost',
    sshUrl: 'ssh://git@localhost:2222',
  },
  '/grid/v1/sign-in': { token: 'a', secret: "b'c" },
  '/v2/self': {
    id: 'user_1',
    email: 'ada@example.com',
    name: 'Ada',
    avatar: '',
    creationDate: 1,
    lang: 'EN',
    preferredMFA: 'NONE',
    hasPassword: true,
    admin: false,
  },
  '/v2/self/tokens/current': {
    token: 'a',
    creationDate: '2026-01-01T00:00:00.000Z',
    expirationDate: '2027-01-01T00:00:00.000Z',
  },
};

/** A platform with an authority of its own, a home of somebody who does not know it, and what was asked of it. */
async function open(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'grid-trust-'));
  t.after(() => rmSync(home, { recursive: true }));
  const keys = join(home, 'keys');
  const { certificate, authority } = await openCertificate(
    { keys, authority: join(home, 'ca.pem'), own: undefined, names: certifiedNames('localhost') },
    Date.now(),
  );
  const pem = readFileSync(certificate);
  const asked: string[] = [];
  const server = createServer(
    { cert: pem, key: pem },
    ({ method, url = '', headers }, response) => {
      asked.push(`${method} ${url}${headers.authorization === undefined ? '' : ' as somebody'}`);
      const answer = url === '/ca.pem' ? authority?.pem : JSON.stringify(ANSWERS[url]);
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(answer);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const config = join(home, 'config');
  const inherited = Object.entries(process.env).filter(([name]) => !/^(GRID_|CLEVER_)/.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    XDG_CONFIG_HOME: config,
    GRID_PASSWORD: 'secret',
  };
  return {
    url,
    asked,
    config,
    fingerprint: authority?.fingerprint ?? '',
    ca: authority?.path ?? '',
    grid: (args: readonly string[], more: Record<string, string> = {}) =>
      run(bin, args, { ...env, ...more }),
    /** The same at a terminal, where this is typed. */
    typed: (text: string, args: readonly string[]) =>
      run('script', ['-qfec', [bin, ...args].join(' '), '/dev/null'], env, text),
  };
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv, input?: string) {
  return new Promise<{ code: number | null; out: string }>((resolve, reject) => {
    const child = spawn(file, args, { env });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        out += String(part);
        if (input !== undefined && out.includes('(yes/no)?')) child.stdin.end(input);
      });
    if (input === undefined) child.stdin.end();
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out }));
  });
}

const login = (url: string, ...more: string[]) => [
  'login',
  '--url',
  url,
  '--email',
  'ada@example.com',
  ...more,
];

test('an authority that is not known gets no password, and is told of with both ways to trust it', async (t) => {
  const { url, asked, fingerprint, grid } = await open(t);
  const { code, out } = await grid(login(url));
  assert.equal(code, 1);
  assert.ok(out.includes(`--ca-fingerprint ${fingerprint}`), out);
  assert.match(out, /--ca FILE/);
  assert.deepEqual(asked, ['GET /ca.pem']);
});

test('one that is named by its fingerprint is trusted from then on', async (t) => {
  const { url, fingerprint, config, grid } = await open(t);
  const plain = fingerprint.replace('SHA256:', '').replaceAll(':', '').toLowerCase();
  for (const said of [fingerprint, plain]) {
    const { code, out } = await grid(login(url, '--ca-fingerprint', said));
    assert.equal(code, 0, out);
    assert.match((await grid(['whoami'])).out, /^ada@example\.com/);
    rmSync(config, { recursive: true });
  }
});

test('another than the one that is named is refused', async (t) => {
  const { url, asked, grid } = await open(t);
  const { code, out } = await grid(login(url, '--ca-fingerprint', 'SHA256:00:11'));
  assert.equal(code, 3);
  assert.match(out, /is another/);
  assert.deepEqual(asked, ['GET /ca.pem']);
});

test('one that is given as a file is trusted from then on, and a file that is none is refused', async (t) => {
  const { url, ca, config, grid } = await open(t);
  const { code, out } = await grid(login(url, '--ca', ca));
  assert.equal(code, 0, out);
  assert.equal((await grid(['whoami'])).code, 0);
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'none.pem'), 'hello');
  assert.equal((await grid(login(url, '--ca', join(config, 'none.pem')))).code, 2);
});

test('one that this machine trusts needs no word', async (t) => {
  const { url, ca, grid } = await open(t);
  const { code, out } = await grid(login(url), { NODE_EXTRA_CA_CERTS: ca });
  assert.equal(code, 0, out);
});

test('at a terminal somebody is asked, and only yes is yes', async (t) => {
  if (!needProgram(t, 'script', 'bsdutils')) return;
  const { url, asked, fingerprint, typed, grid } = await open(t);
  const no = await typed('y\n', login(url));
  assert.ok(no.out.includes(fingerprint), no.out);
  assert.notEqual(no.code, 0);
  assert.deepEqual(asked, ['GET /ca.pem']);
  const yes = await typed('yes\n', login(url));
  assert.equal(yes.code, 0, yes.out);
  assert.equal((await grid(['whoami'])).code, 0);
});

test('who is signed in elsewhere and meets an unknown authority is told how to trust it', async (t) => {
  const { url, grid } = await open(t);
  const { code, out } = await grid(['whoami'], {
    GRID_URL: url,
    GRID_TOKEN: 'a',
    GRID_SECRET: 'b',
  });
  assert.equal(code, 1);
  assert.match(out, /not trusted here: grid login --url https:/);
});

test('a shell is given all that the clever command line needs', async (t) => {
  const { url, ca, config, grid } = await open(t);
  await grid(login(url, '--ca', ca));
  const { code, out } = await grid(['env']);
  assert.equal(code, 0, out);
  const file = join(config, 'clever-grid', 'ca.pem');
  const printed = await run('sh', ['-c', `${out}\nenv`], { PATH: process.env['PATH'] });
  const variables = {
    API_HOST: url,
    AUTH_BRIDGE_HOST: url,
    CONSOLE_URL: url,
    CLEVER_TOKEN: 'a',
    CLEVER_SECRET: "b'c",
    GRID_URL: url,
    GRID_TOKEN: 'a',
    GRID_SECRET: "b'c",
    SSH_GATEWAY: 'ssh://ssh@localhost:2222',
    NODE_EXTRA_CA_CERTS: file,
  };
  for (const [name, value] of Object.entries(variables))
    assert.ok(printed.out.split('\n').includes(`${name}=${value}`), name);
  assert.equal(readFileSync(file, 'utf8'), readFileSync(ca, 'utf8'));
});

const storedAt = (config: string): string => join(config, 'clever-cloud', 'clever-tools.json');

test('a profile for the clever command line comes first, and others are kept', async (t) => {
  const { url, ca, config, grid } = await open(t);
  await grid(login(url, '--ca', ca));
  const other = { alias: 'work', token: 'x', secret: 'y', unknown: [1] };
  mkdirSync(join(config, 'clever-cloud'));
  const before = { version: 1, profiles: [other, { alias: 'grid', token: 'old', secret: 'old' }] };
  writeFileSync(storedAt(config), JSON.stringify(before), { mode: 0o644 });
  const { code, out } = await grid(['clever-profile']);
  assert.equal(code, 0, out);
  assert.match(out, /^export NODE_EXTRA_CA_CERTS='.*\/clever-grid\/ca\.pem'$/m);
  assert.deepEqual(JSON.parse(readFileSync(storedAt(config), 'utf8')), {
    version: 1,
    profiles: [
      {
        alias: 'grid',
        token: 'a',
        secret: "b'c",
        expirationDate: '2027-01-01T00:00:00.000Z',
        userId: 'user_1',
        email: 'ada@example.com',
        overrides: {
          API_HOST: url,
          CONSOLE_URL: url,
          AUTH_BRIDGE_HOST: url,
          SSH_GATEWAY: 'ssh://ssh@localhost:2222',
        },
      },
      other,
    ],
  });
  assert.equal(statSync(storedAt(config)).mode & 0o777, 0o600);
});

test('a token pair of the form before is kept as a profile, and what is in no known form is left alone', async (t) => {
  const { url, ca, config, grid } = await open(t);
  await grid(login(url, '--ca', ca));
  mkdirSync(join(config, 'clever-cloud'));
  writeFileSync(storedAt(config), '{"token":"x","secret":"y"}');
  assert.equal((await grid(['clever-profile', '--alias', 'mine'])).code, 0);
  const { profiles } = JSON.parse(readFileSync(storedAt(config), 'utf8')) as {
    profiles: { alias: string }[];
  };
  assert.deepEqual(
    profiles.map(({ alias }) => alias),
    ['mine', 'default'],
  );
  for (const text of ['{"version":', '{"version":2}']) {
    writeFileSync(storedAt(config), text);
    const { code, out } = await grid(['clever-profile']);
    assert.equal(code, 1);
    assert.match(out, /nothing was changed/);
    assert.equal(readFileSync(storedAt(config), 'utf8'), text);
  }
});

test('where the certificate is trusted anyway no file is written, and none is named', async (t) => {
  const { url, ca, config, grid } = await open(t);
  const trusting = { NODE_EXTRA_CA_CERTS: ca };
  await grid(login(url), trusting);
  const { out } = await grid(['env'], trusting);
  assert.doesNotMatch(out, /NODE_EXTRA_CA_CERTS/);
  assert.equal(existsSync(join(config, 'clever-grid', 'ca.pem')), false);
});
