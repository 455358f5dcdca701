import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const bin = join(import.meta.dirname, '..', '..', '..', 'bin', 'grid');
const home = mkdtempSync(join(tmpdir(), 'grid-cli-'));
after(() => rmSync(home, { recursive: true }));

type Ran = { code: number; out: string; errors: string };

/** Runs `grid` in a folder of its own, as somebody who never signed in. */
function grid(args: readonly string[], env: Record<string, string> = {}, file = bin): Promise<Ran> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GRID_'));
  const environment = { ...Object.fromEntries(own), XDG_CONFIG_HOME: home, ...env };
  return new Promise((resolve) => {
    execFile(file, [...args], { cwd: home, env: environment }, (error, out, errors) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, out, errors });
    });
  });
}

/** A platform that answers everything in one way. */
async function answering(status: number, body: object): Promise<Record<string, string>> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { GRID_URL: `http://127.0.0.1:${port}`, GRID_TOKEN: 't', GRID_SECRET: 's' };
}

test('it runs from any folder, through links to links', async () => {
  mkdirSync(join(home, 'links'));
  symlinkSync(bin, join(home, 'links', 'first'));
  symlinkSync('first', join(home, 'links', 'second'));
  const { code, out } = await grid(['--version'], {}, join(home, 'links', 'second'));
  assert.deepEqual({ code, out }, { code: 0, out: '0.1.0\n' });
});

test('without its packages it says how to install them', async () => {
  mkdirSync(join(home, 'bare', 'bin'), { recursive: true });
  copyFileSync(bin, join(home, 'bare', 'bin', 'grid'));
  const { code, errors } = await grid(['--version'], {}, join(home, 'bare', 'bin', 'grid'));
  assert.equal(code, 1);
  assert.match(errors, /npm install/);
});

test('help is no mistake', async () => {
  const { code, out } = await grid(['app', 'create', '--help']);
  assert.equal(code, 0);
  assert.match(out, /--flavor/);
});

for (const args of [
  ['fly'],
  ['app', 'create', 'x'],
  ['app', 'create', 'x', '--type', 'ml_python', '--nodes', '0'],
  ['usage', '--format', 'xml'],
  ['app', 'delete', 'x', '--sure'],
])
  test(`misused, it ends with 2: grid ${args.slice(0, 5).join(' ')}`, async () => {
    const { code, errors } = await grid(args);
    assert.equal(code, 2, errors);
    assert.notEqual(errors, '');
  });

for (const [status, code] of [
  [400, 3],
  [401, 3],
  [403, 3],
  [404, 3],
  [500, 1],
] as const)
  test(`where the platform answers ${status}, it ends with ${code} and its message`, async () => {
    const platform = await answering(status, { id: 1, message: 'what it says', type: 'error' });
    const ran = await grid(['whoami'], platform);
    assert.equal(ran.code, code);
    assert.match(ran.errors, status === 401 ? /grid login/ : /what it says/);
    assert.doesNotMatch(ran.errors, /\bat .*\.ts:\d+/);
  });

test('where no platform answers, it says how to start one', async () => {
  const { GRID_URL: _, ...pair } = await answering(200, {});
  const { code, errors } = await grid(['whoami'], { ...pair, GRID_URL: 'http://127.0.0.1:9' });
  assert.equal(code, 1);
  assert.match(errors, /grid up/);
  const { code: none } = await grid(['status', '--data-directory', join(home, 'none')]);
  assert.equal(none, 1);
});

const ADA = {
  id: 'user_1',
  email: 'ada@example.com',
  name: 'Ada',
  avatar: '',
  creationDate: 1,
  lang: 'EN',
  preferredMFA: 'NONE',
  hasPassword: false,
  admin: false,
};

test('what signs in is readable by its owner alone', async () => {
  const { GRID_URL: url = '' } = await answering(200, ADA);
  const profile = join(home, 'clever-grid', 'profile.json');
  mkdirSync(join(home, 'clever-grid'), { recursive: true });
  writeFileSync(profile, '{}', { mode: 0o644 });
  const pair = ['--token', 'a', '--secret', 'b'];
  const { code, errors } = await grid(['login', '--url', url, ...pair]);
  assert.equal(code, 0, errors);
  assert.equal(statSync(profile).mode & 0o777, 0o600);
  rmSync(join(home, 'clever-grid'), { recursive: true });
});

/** `grid up` on a folder of its own, where nothing may have been started. */
async function upRefused(
  args: readonly string[],
  { env = {}, file }: { env?: Record<string, string>; file?: string } = {},
): Promise<string> {
  const folder = mkdtempSync(join(home, 'refused-'));
  const data = join(folder, 'data');
  const config = join(folder, 'grid.json');
  if (file !== undefined) writeFileSync(config, file);
  const named = file === undefined ? {} : { GRID_CONFIG: config };
  const { code, out, errors } = await grid(['up', '--data-directory', data, ...args], {
    ...named,
    ...env,
  });
  assert.deepEqual({ code, out }, { code: 2, out: '' }, errors);
  assert.equal(existsSync(data), false, 'a platform was begun');
  assert.doesNotMatch(errors, /\bat .*\.ts:\d+/);
  return errors;
}

test('an option of `grid up` that does not exist starts nothing, and the nearest is named', async () => {
  assert.match(await upRefused(['--htp-port', '0']), /--htp-port.*\n.*--http-port/);
});

test('variables and lines of the file that do not exist start nothing, and the nearest are named', async () => {
  const errors = await upRefused(['--http-port', 'eighty'], {
    env: { GRID_HTTP_PROT: '0', GRID_ENGINE: 'podman' },
    file: '{"ssh-port": 0, "isolation": "nine"}',
  });
  assert.match(errors, /GRID_HTTP_PROT: .*did you mean GRID_HTTP_PORT\?/);
  assert.match(errors, /ssh-port in .*\/grid\.json: .*did you mean sshPort\?/);
  assert.match(errors, /isolation in .*\/grid\.json: must be auto or none/);
  assert.match(errors, /GRID_ENGINE: must be auto, process or docker/);
  assert.match(errors, /--http-port: must be a whole number from 0 to 65535/);
});

test('a file of settings that cannot be read starts nothing', async () => {
  for (const [file, said] of [
    ['{"httpPort": 0', /cannot be read: .*JSON/],
    ['[]', /must hold settings/],
  ] as const)
    assert.match(await upRefused([], { file }), said);
  const missing = join(home, 'missing.json');
  assert.match(await upRefused([], { env: { GRID_CONFIG: missing } }), /missing\.json cannot be/);
});

test('what is one of our variables but for a slip is refused by every command, what is not is left alone', async () => {
  const misspelled = await grid(['whoami'], { GRID_TOKN: 't' });
  assert.equal(misspelled.code, 2);
  assert.match(misspelled.errors, /GRID_TOKN: .*did you mean GRID_TOKEN\?/);
  const elsewhere = await grid(['service'], { GRID_DATA_DIR: '/srv/grid' });
  assert.equal(elsewhere.code, 2);
  const { code } = await grid(['service'], { GRID_COLOUR: 'red' });
  assert.equal(code, 0);
});

test('a platform is found by its data directory, whatever else is set by now', async () => {
  const folder = mkdtempSync(join(home, 'changed-'));
  const where = async (args: readonly string[], env: Record<string, string> = {}) =>
    /up --data-directory (.*)$/m.exec((await grid(['service', ...args], env)).out)?.[1];
  writeFileSync(join(folder, 'grid.json'), '{"httpPort":');
  assert.equal(await where(['--data-directory', folder]), folder);
  const config = join(folder, 'elsewhere.json');
  writeFileSync(config, JSON.stringify({ dataDirectory: folder, httpPort: 'eighty' }));
  assert.equal(await where([], { GRID_CONFIG: config }), folder);
  assert.equal(await where([], { GRID_CONFIG: config, GRID_DATA_DIRECTORY: '/srv/a' }), '/srv/a');
});

test('what the option of the data directory was called before goes on working', async () => {
  const { out } = await grid(['service', '--data-dir', '/srv/grid']);
  assert.match(out, /up --data-directory \/srv\/grid$/m);
});

test('the service leaves applications running when it restarts', async () => {
  const { out } = await grid(['service', '--data-directory', '/srv/grid']);
  assert.match(out, /^ExecStart=.*\/bin\/grid up --data-directory \/srv\/grid$/m);
  assert.match(out, /^KillMode=process$/m);
  assert.match(out, /^Delegate=yes$/m);
});

test('the doctor says which Docker the platform would use, and where there is none what that costs', async () => {
  const doctor = async (env: Record<string, string>) => {
    const { out } = await grid(['doctor', '--data-directory', join(home, 'data'), '--json'], env);
    const findings = JSON.parse(out) as { what: string; state: string; detail: string }[];
    return findings.find(({ what }) => what === 'Docker');
  };
  const away = join(home, 'away.sock');
  const silent = await doctor({ GRID_DOCKER_SOCKET: away });
  assert.equal(silent?.state, 'limited');
  assert.match(silent?.detail ?? '', /away\.sock: it does not answer/);
  const asked = await doctor({ GRID_DOCKER_SOCKET: away, GRID_ENGINE: 'docker' });
  assert.equal(asked?.state, 'missing');
  const unused = await doctor({ GRID_DOCKER_SOCKET: away, GRID_ENGINE: 'process' });
  assert.equal(unused?.state, 'ok');
});

test('the doctor names what is missing and fails where the platform cannot work', async () => {
  const data = ['--data-directory', join(home, 'data'), '--json'];
  const ports = { GRID_HTTP_PORT: '0', GRID_HTTPS_PORT: '0', GRID_SSH_PORT: '0' };
  const tools = join(home, 'tools');
  mkdirSync(tools);
  for (const name of ['dirname', 'readlink', 'id'])
    symlinkSync(`/usr/bin/${name}`, join(tools, name));
  const { code, out } = await grid(['doctor', ...data], { ...ports, PATH: tools });
  assert.equal(code, 1);
  const findings = JSON.parse(out) as { what: string; state: string; mend?: string }[];
  const git = findings.find(({ what }) => what === 'git');
  assert.equal(git?.state, 'missing');
  assert.match(git?.mend ?? '', /apt-get install git/);
  for (const { what, state, mend } of findings)
    assert.ok(state === 'ok' || mend !== undefined, `nothing mends ${what}`);
});

test('who is signed in no more signs out all the same, and what was stored is forgotten', async () => {
  const { GRID_URL: url } = await answering(401, { message: 'no' });
  const folder = join(home, 'clever-grid');
  mkdirSync(folder, { recursive: true });
  const profile = join(folder, 'profile.json');
  writeFileSync(profile, JSON.stringify({ url, token: 't', secret: 's' }));
  const { code, out } = await grid(['logout', '--all']);
  assert.deepEqual({ code, out }, { code: 0, out: 'You are signed out.\n' });
  assert.equal(existsSync(profile), false);
});

test('one token is ended by its id, or all the others: not both, not none', async () => {
  const platform = await answering(200, {});
  for (const args of [[], ['id', '--others']]) {
    const { code, errors } = await grid(['tokens', 'revoke', ...args], platform);
    assert.equal(code, 2);
    assert.match(errors, /Give the id of one/);
  }
});
