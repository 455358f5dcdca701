import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { InvalidConfig, parseConfig, settings, variableOf } from './parse-config.ts';

const parse = ({
  options = {},
  environment = {},
  file = {},
}: Partial<Parameters<typeof parseConfig>[0]> = {}) =>
  parseConfig({ options: { dataDirectory: '/srv/grid', ...options }, environment, file });

/** What is wrong with it, a line each. */
function problemsOf(sources: Parameters<typeof parse>[0]): string {
  let problems = 'nothing';
  assert.throws(
    () => parse(sources),
    (error: Error) => {
      problems = error.message;
      return error instanceof InvalidConfig;
    },
  );
  return problems;
}

test('options win over variables, and variables over the file', () => {
  const file = { httpPort: 1, sshPort: 1, domain: 'file.example' };
  const environment = { GRID_HTTP_PORT: '2', GRID_SSH_PORT: '2' };
  const { httpPort, sshPort, domain } = parse({ options: { httpPort: '3' }, environment, file });
  assert.deepEqual(
    { httpPort, sshPort, domain },
    { httpPort: 3, sshPort: 2, domain: 'file.example' },
  );
});

test('every setting has a variable of its own', () => {
  const names = Object.keys(settings).map(variableOf);
  assert.equal(new Set(names).size, names.length);
  assert.equal(variableOf('memoryReserveMiB'), 'GRID_MEMORY_RESERVE_MIB');
});

test('all that is wrong is said at once, with the setting, its variable and the rule', () => {
  const problems = problemsOf({
    options: { httpPort: '70000' },
    environment: { GRID_ISOLATION: 'some', GRID_ALLOW_UNISOLATED: 'perhaps' },
    file: { domian: 'x', databaseUrl: 'mysql://x' },
  });
  assert.match(problems, /httpPort \(GRID_HTTP_PORT\): .*65535/);
  assert.match(problems, /isolation \(GRID_ISOLATION\): .*auto.*none/);
  assert.match(problems, /allowUnisolated \(GRID_ALLOW_UNISOLATED\): must be true or false/);
  assert.match(problems, /databaseUrl \(GRID_DATABASE_URL\): must begin with postgres:/);
  assert.match(problems, /domian: there is no such setting/);
});

test('an empty variable is none', () => {
  const environment = { GRID_HTTP_PORT: '' };
  assert.equal(parse({ environment }).httpPort, 8080);
  assert.equal(parse({ environment, file: { httpPort: 9 } }).httpPort, 9);
});

test('words and truth values both turn a flag on and off', () => {
  for (const on of [true, 'true', '1', 'yes', 'on'])
    assert.equal(parse({ file: { allowUnisolated: on } }).allowUnisolated, true, String(on));
  for (const off of [false, 'false', '0', 'no', 'off'])
    assert.equal(parse({ file: { allowUnisolated: off } }).allowUnisolated, false, String(off));
});

test('networks come as a list or as words, and only those that exist', () => {
  const networks = ['10.1.0.0/16', '192.168.0.7'];
  assert.deepEqual(parse({ file: { allowedNetworks: networks } }).allowedNetworks, networks);
  const environment = { GRID_ALLOWED_NETWORKS: networks.join(', ') };
  assert.deepEqual(parse({ environment }).allowedNetworks, networks);
  for (const wrong of ['10.1.0.0/33', '300.1.1.1', '10.1.0', '10.1.0.0/8/8', 'x'])
    assert.match(problemsOf({ file: { allowedNetworks: [wrong] } }), /IPv4 networks/, wrong);
});

test('only a host name can be the domain', () => {
  assert.equal(parse({ file: { domain: 'grid.example.com' } }).domain, 'grid.example.com');
  for (const wrong of ['-x', 'x-', 'a..b', 'a b', 'Grid.example', 'x'.repeat(64), 'http://x'])
    assert.match(problemsOf({ file: { domain: wrong } }), /host name/, wrong);
});

test('DATABASE_URL names the database where nothing of ours does', () => {
  const environment = { DATABASE_URL: 'postgres://there' };
  assert.equal(parse({ environment }).databaseUrl, 'postgres://there');
  const both = { ...environment, GRID_DATABASE_URL: 'postgres://here' };
  assert.equal(parse({ environment: both }).databaseUrl, 'postgres://here');
});

test('a certificate comes with its key, both by absolute path', () => {
  const file = { tlsCertificate: '/etc/grid/cert.pem', tlsKey: 'key.pem' };
  const { tlsCertificate, tlsKey } = parse({ file });
  assert.deepEqual([tlsCertificate, tlsKey], ['/etc/grid/cert.pem', resolve('key.pem')]);
  for (const half of [{ tlsCertificate: 'cert.pem' }, { tlsKey: 'key.pem' }])
    assert.match(problemsOf({ file: half }), /GRID_TLS_CERTIFICATE.*GRID_TLS_KEY.*give both/);
  assert.equal(parse().tlsCertificate, undefined);
});
