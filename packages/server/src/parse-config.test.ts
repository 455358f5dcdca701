import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { InvalidConfig, parseConfig } from './parse-config.ts';

type Given = {
  options?: Readonly<Record<string, unknown>>;
  environment?: Readonly<Record<string, string>>;
  file?: Readonly<Record<string, unknown>>;
};

const parse = ({ options = {}, environment = {}, file = {} }: Given = {}) =>
  parseConfig({
    options,
    environment,
    file: { path: '/srv/grid.json', content: file },
    defaults: { dataDirectory: '/srv/grid' },
  });

/** What is wrong with it, a line each. */
function problemsOf(given: Given): string {
  let problems = 'nothing';
  assert.throws(
    () => parse(given),
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

test('the data directory can be said by the file too, and is a default where nobody says it', () => {
  assert.equal(parse().dataDirectory, '/srv/grid');
  const file = { dataDirectory: '/srv/other' };
  assert.equal(parse({ file }).dataDirectory, '/srv/other');
  assert.equal(parse({ file, options: { dataDirectory: 'here' } }).dataDirectory, resolve('here'));
});

test('all that is wrong is said at once, by what its user wrote, with the rule', () => {
  const problems = problemsOf({
    options: { httpPort: '70000' },
    environment: { GRID_ISOLATION: 'some', GRID_ALLOW_UNISOLATED: 'perhaps' },
    file: { domian: 'x', databaseUrl: 'mysql://x', logLevel: 7 },
  });
  assert.match(problems, /--http-port: must be a whole number from 0 to 65535$/m);
  assert.match(problems, /GRID_ISOLATION: must be auto or none$/m);
  assert.match(problems, /GRID_ALLOW_UNISOLATED: must be true or false$/m);
  assert.match(problems, /databaseUrl in \/srv\/grid\.json: must begin with postgres:/);
  assert.match(problems, /logLevel in \/srv\/grid\.json: must be debug, info, warn or error$/m);
  assert.match(problems, /domian in \/srv\/grid\.json: there is no such setting; .*\bdomain\?/);
});

test('a variable that nothing reads is refused, with the one that was probably meant', () => {
  const problems = problemsOf({
    environment: { GRID_DATA_DIR: '/x', GRID_HTTP_PROT: '1', GRID_TOKN: 't', GRID_COLOUR: 'red' },
  });
  assert.match(problems, /GRID_DATA_DIR: .*did you mean GRID_DATA_DIRECTORY\?/);
  assert.match(problems, /GRID_HTTP_PROT: .*did you mean GRID_HTTP_PORT\?/);
  assert.match(problems, /GRID_TOKN: .*did you mean GRID_TOKEN\?/);
  assert.match(problems, /GRID_COLOUR: .*"grid up --help" says which there are/);
});

test('a key is known however it was written', () => {
  for (const key of ['http-port', 'HTTP_PORT', 'httpport', 'htpPort'])
    assert.match(problemsOf({ file: { [key]: 1 } }), /did you mean httpPort\?/, key);
  assert.match(problemsOf({ file: { toString: 1 } }), /toString in .*there is no such setting/);
});

test('what the command line, tests and others read is no setting, and no mistake', () => {
  const environment = {
    GRID_URL: 'https://x',
    GRID_CONFIG: '/etc/grid.json',
    GRID_TESTS: 'all',
    GRID_TEST_DEVICES: 'x',
    GRID_FAULTS_SEED: '1',
    GRIDDY: 'x',
    GRID_SERVICE_HOST: '10.0.0.1',
    GRID_SERVICE_PORT: '80',
    GRID_PORT: 'tcp://10.0.0.1:80',
    GRID_PORT_80_TCP_ADDR: '10.0.0.1',
  };
  assert.equal(parse({ environment }).domain, 'localhost');
  assert.match(problemsOf({ environment: { GRID_TESTING: 'x' } }), /GRID_TESTING/);
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

test('only a number is a number: nothing picks a port by being empty', () => {
  assert.equal(parse({ options: { httpPort: '0' } }).httpPort, 0);
  for (const wrong of ['', ' ', '1e3', '8080.5', -1, 1.5, true, [], null])
    assert.match(
      problemsOf({ options: { httpPort: wrong === null ? 'null' : wrong } }),
      /--http-port: must be a whole number from 0 to 65535$/m,
      String(wrong),
    );
  assert.match(problemsOf({ file: { eventsKeptDays: 0 } }), /whole number, 1 or more$/m);
});

test('networks come as a list or as words, and only those that exist', () => {
  const networks = ['10.1.0.0/16', '192.168.0.7'];
  assert.deepEqual(parse({ file: { allowedNetworks: networks } }).allowedNetworks, networks);
  const environment = { GRID_ALLOWED_NETWORKS: networks.join(', ') };
  assert.deepEqual(parse({ environment }).allowedNetworks, networks);
  for (const wrong of ['10.1.0.0/33', '300.1.1.1', '10.1.0', '10.1.0.0/8/8', 'x'])
    assert.match(problemsOf({ file: { allowedNetworks: [wrong] } }), /IPv4 networks/, wrong);
});

test('sizes are mapped to models by a table or in words', () => {
  const mapped = [
    { flavor: 'ML_XS', model: 'L4' },
    { flavor: '*', model: 'H100' },
  ];
  const words = { GRID_FLAVOR_DEVICES: 'ML_XS = L4, *=H100' };
  assert.deepEqual(parse({ environment: words }).flavorDevices, mapped);
  const table = { ML_XS: 'L4', '*': 'H100' };
  assert.deepEqual(parse({ file: { flavorDevices: table } }).flavorDevices, mapped);
  assert.match(problemsOf({ options: { flavorDevices: 'X S=L4' } }), /names of sizes/);
  assert.match(problemsOf({ options: { flavorDevices: 'ML_XS' } }), /model’s name/);
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
  assert.match(
    problemsOf({ environment: { DATABASE_URL: 'mysql://x' } }),
    /^ +DATABASE_URL: must/m,
  );
});

test('a certificate comes with its key, both by absolute path', () => {
  const file = { tlsCertificate: '/etc/grid/cert.pem', tlsKey: 'key.pem' };
  const { tlsCertificate, tlsKey } = parse({ file });
  assert.deepEqual([tlsCertificate, tlsKey], ['/etc/grid/cert.pem', resolve('key.pem')]);
  for (const half of [{ tlsCertificate: 'cert.pem' }, { tlsKey: 'key.pem' }])
    assert.match(problemsOf({ file: half }), /GRID_TLS_CERTIFICATE.*GRID_TLS_KEY.*give both/);
  assert.equal(parse().tlsCertificate, undefined);
});
