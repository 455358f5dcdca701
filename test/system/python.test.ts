import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertKept, condaApplication } from './conda-application.ts';
import { copyExample, hostOf, openPlatform, run, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

const PROJECT = `[project]
name = "locked"
version = "0.1.0"
requires-python = ">=3.8"
dependencies = ["six"]

[dependency-groups]
dev = ["iniconfig"]
`;
const MAIN = `
import importlib.util as found
for name in ('six', 'iniconfig'):
    print(name, 'is there' if found.find_spec(name) else 'is missing')
`;

/** The installer that the platform brought. */
function uvOfPlatform(): string {
  const tools = join(platform.data, 'tools');
  const folder = readdirSync(tools).find((name) => name.startsWith('uv-')) ?? '';
  return join(tools, folder, 'bin', 'uv');
}

test('what uv.lock lists is installed once, exactly, and a lock that does not fit is refused', async () => {
  const first = await platform.repository({ 'main.py': 'print(1)\n' });
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
  await platform.create(first, { type: 'ml_python', env });
  assert.equal((await platform.grid(['deploy'], { folder: first })).code, 0);

  const folder = await platform.repository({ 'main.py': MAIN, 'pyproject.toml': PROJECT });
  const locking = { ...process.env, UV_FIND_LINKS: '' };
  const locked = await run(uvOfPlatform(), ['lock'], { cwd: folder, env: locking });
  assert.equal(locked.code, 0, locked.out);
  const commit = async (): Promise<void> => {
    await platform.git(['add', '--all'], folder);
    await platform.git(['commit', '--quiet', '--message', 'next'], folder);
  };
  await commit();
  await platform.create(folder, { type: 'ml_python', env });
  const built = await platform.grid(['deploy'], { folder });
  assert.equal(built.code, 0, built.out);
  assert.match(built.out, /six is there[\s\S]*iniconfig is missing/);

  await platform.grid(['env', 'set', 'CC_PYTHON_UV_RUN_COMMAND=uv run python main.py'], { folder });
  writeFileSync(join(folder, 'main.py'), `${MAIN}print('again')\n`);
  await commit();
  const again = await platform.grid(['deploy'], { folder });
  assert.equal(again.code, 0, again.out);
  assert.match(again.out, /six is there[\s\S]*again/);
  assert.doesNotMatch(again.out, /Installed|Prepared/);

  await platform.grid(['env', 'set', 'ENVIRONMENT=development'], { folder });
  assert.match((await platform.grid(['restart'], { folder })).out, /iniconfig is there/);

  writeFileSync(join(folder, 'pyproject.toml'), PROJECT.replace('"six"', '"six", "packaging"'));
  await commit();
  const stale = await platform.grid(['deploy'], { folder });
  assert.equal(stale.code, 1);
  assert.match(stale.out, /lockfile[\s\S]*needs to be updated[\s\S]*could not be installed/);
});

test('a command for uv without a lock is refused with what to do', async () => {
  const folder = await platform.repository({ 'main.py': MAIN });
  const env = ['CC_PYTHON_UV_RUN_COMMAND=uv run main.py'];
  await platform.create(folder, { type: 'ml_python', env });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 1);
  assert.match(out, /run "uv lock", commit uv.lock/);
});

const ADDED = `
import importlib.util as found
for name in ('six', 'iniconfig', 'packaging'):
    print(name, 'is there' if found.find_spec(name) else 'is missing')
import six
print('six', six.__version__)
`;

test('what a post-build hook installs is the application’s own, also when it starts again', async () => {
  const files = { 'main.py': ADDED, 'requirements.txt': 'six==1.16.0\n' };
  const folder = await platform.repository(files);
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
  const hook =
    'python -m pip install -q iniconfig && pip3 install -q six==1.15.0 && uv pip install -q packaging';
  await platform.create(folder, { type: 'ml_python', env: [...env, `CC_POST_BUILD_HOOK=${hook}`] });
  for (const command of ['deploy', 'restart']) {
    const { code, out } = await platform.grid([command], { folder });
    assert.equal(code, 0, out);
    assert.match(out, /iniconfig is there[\s\S]*packaging is there[\s\S]*six 1\.15\.0/);
  }

  const beside = await platform.repository(files);
  await platform.create(beside, { type: 'ml_python', env });
  const { out } = await platform.grid(['deploy'], { folder: beside });
  assert.match(out, /iniconfig is missing[\s\S]*packaging is missing[\s\S]*six 1\.16\.0/);
});

test('what uv does not take is installed by pip, a project by its own file, and the log says so', async () => {
  const folder = await platform.repository({
    'main.py': 'import six, sys; print("six", six.__version__)\n',
    'requirements.txt': 'six==1.15.0 --config-settings "--global-option=--quiet"\n',
  });
  await platform.create(folder, { type: 'ml_python', env: ['CC_MLPYTHON_RUN_MAIN=main.py'] });
  const byPip = await platform.grid(['deploy'], { folder });
  assert.match(
    byPip.out,
    /Installing with pip: requirements\.txt says in line 1[\s\S]*six 1\.15\.0/,
  );

  await platform.git(['rm', '--quiet', 'requirements.txt'], folder);
  writeFileSync(join(folder, 'pyproject.toml'), PROJECT.replace('"six"', '"six==1.16.0"'));
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'next'], folder);
  const asProject = await platform.grid(['deploy'], { folder });
  assert.match(asProject.out, /Using Python \S+, as pyproject\.toml says \(>=3\.8\)/);
  assert.match(asProject.out, /Installing what pyproject\.toml lists[\s\S]*six 1\.16\.0/);
});

test('a private key is there in builds and instances, and in no output', async () => {
  const made = join(platform.home, 'private');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', made]);
  const key = readFileSync(made, 'utf8');
  const look = 'stat -c "%a %n" ~/.ssh/id_ed25519; cat ~/.ssh/id_ed25519';
  const folder = await platform.repository({
    'main.sh':
      '#!/bin/sh\nstat -c "run %a" ~/.ssh/id_ed25519; eval "$GIT_SSH_COMMAND -G example.com" | grep stricthost\n',
  });
  await platform.create(folder, {
    type: 'ml_python',
    env: ['CC_RUN_COMMAND=sh main.sh', `CC_POST_BUILD_HOOK=${look}`, `CC_SSH_PRIVATE_KEY=${key}`],
  });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.match(out, /600 \/\S+\/\.ssh\/id_ed25519/);
  assert.match(out, /run 600[\s\S]*accept-new/);
  const secret = key
    .split('\n')
    .slice(1, -2)
    .filter((line) => line.length > 8);
  assert.deepEqual(
    secret.filter((line) => out.includes(line)),
    [],
  );

  await platform.grid(['env', 'set', 'CC_SSH_PRIVATE_KEY=nonsense'], { folder });
  const refused = await platform.grid(['restart', '--without-cache'], { folder });
  assert.equal(refused.code, 1);
  assert.match(refused.out, /CC_SSH_PRIVATE_KEY holds no private key that can be used/);
});

test('an environment that the post-build hook made is there after a restart, without the hook', async () => {
  const folder = await platform.repository(condaApplication.files);
  await platform.create(folder, { type: 'ml_python', env: condaApplication.env });
  const deploys = (command: string) => platform.grid([command], { folder });
  assertKept(await deploys('deploy'), await deploys('restart'));
});

test('a Webapp speaks WebSocket, and its hooks run in their order, cold and warm', async () => {
  const folder = await platform.repository({});
  copyExample('chat-websocket', folder);
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'one'], folder);
  const hooks = ['PRE_BUILD', 'POST_BUILD', 'PRE_RUN', 'RUN_SUCCEEDED', 'RUN_FAILED'];
  const id = await platform.create(folder, {
    type: 'ml_python_web',
    env: [
      'CC_MLPYTHON_RUN_MAIN=server.py',
      ...hooks.map((name) => `CC_${name}_HOOK=echo "hook ${name}"`),
    ],
  });
  const hooksIn = async (command: string): Promise<string[]> => {
    const { code, out } = await platform.grid([command], { folder });
    assert.equal(code, 0, out);
    let said: string[] = [];
    const deployment = /deployment_[\w-]+/.exec(out)?.[0] ?? '';
    await until('the last hook is in the log', async () => {
      const { out: log } = await platform.grid(['logs', '--deployment', deployment], { folder });
      said = [...log.matchAll(/hook ([A-Z_]+)/g)].map(([, name = '']) => name);
      return said.includes('RUN_SUCCEEDED');
    });
    return said;
  };
  assert.deepEqual(await hooksIn('deploy'), hooks.slice(0, 4));
  assert.equal(await hear(hostOf(id), 'hello'), 'hello');
  assert.deepEqual(await hooksIn('restart'), ['PRE_BUILD', 'PRE_RUN', 'RUN_SUCCEEDED']);
});

/** Says something by WebSocket, and what comes back. */
const hear = (host: string, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = {
      host,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const asked = request({ host: '127.0.0.1', port: platform.port(), headers, agent: false });
    asked.on('error', reject);
    asked.on('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
    asked.on('upgrade', (_, socket) => {
      // a short text, whole, with a mask of zeros
      socket.write(Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text)]));
      socket.once('data', (frame: Buffer) => {
        socket.destroy();
        resolve(frame.subarray(2).toString('utf8'));
      });
    });
    asked.end();
  });
