import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findRouter, hostOf, openPlatform, root, serverOf, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

/** What the newest router says of itself. */
const routerStatus = () => findRouter(platform.data);

async function deployWebapp(words: string): Promise<{ id: string; folder: string }> {
  const folder = await platform.repository({ 'server.py': serverOf(words) });
  const env = ['CC_MLPYTHON_RUN_MAIN=server.py'];
  const id = await platform.create(folder, { type: 'ml_python_web', env });
  const deployed = await platform.grid(['deploy'], { folder });
  assert.equal(deployed.code, 0, deployed.out);
  return { id, folder };
}

/** One visit, on a kept connection or on one of its own; what was answered. */
function ask(host: string, agent: Agent | false): Promise<string> {
  return new Promise((resolve, reject) => {
    const port = platform.port();
    const asked = request({ host: '127.0.0.1', port, headers: { host }, agent }, (answer) => {
      let body = '';
      answer.on('data', (part: Buffer) => (body += part.toString('utf8')));
      answer.on('error', reject);
      answer.on('end', () => resolve(`${answer.statusCode} ${body}`));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Visitors one after another, half of them on kept connections; what each was answered, counted. */
function keepVisiting(host: string) {
  const agent = new Agent({ keepAlive: true });
  const answers = new Map<string, number>();
  const ending = new AbortController();
  const visitors = [agent, agent, false as const, false as const].map(async (how) => {
    while (!ending.signal.aborted) {
      const answer = await ask(host, how).catch(String);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  });
  return {
    count: (answer: string): number => answers.get(answer) ?? 0,
    async end(): Promise<string[]> {
      ending.abort();
      await Promise.all(visitors);
      agent.destroy();
      return [...answers.keys()].toSorted();
    },
  };
}

test('a router that is killed is back without anybody asking', async () => {
  const { id } = await deployWebapp('still here');
  const before = await routerStatus();
  process.kill(before.pid, 'SIGKILL');
  await until(
    'visitors are served',
    async () => (await ask(hostOf(id), false).catch(String)) === '200 still here',
  );
  assert.notEqual((await routerStatus()).pid, before.pid);
});

/** The program as its next version, in a folder of its own. */
function nextVersion(): string {
  const copy = join(platform.home, 'next');
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@grid'), { recursive: true });
  for (const name of ['bin', 'packages'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@grid') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  for (const name of readdirSync(join(root, 'packages')))
    symlinkSync(join(copy, 'packages', name), join(modules, '@grid', name));
  const path = join(copy, 'packages', 'server', 'src', 'roles', 'control-plane.ts');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/VERSION = '.*'/, "VERSION = 'next'"));
  return join(copy, 'bin', 'grid');
}

test('an upgrade replaces the router under steady load without one failed request', async () => {
  const { id } = await deployWebapp('served');
  const before = await routerStatus();
  const load = keepVisiting(hostOf(id));
  platform.kill();
  await until('the control plane is dead', () => !platform.running());
  await platform.start(nextVersion());
  const status = await routerStatus();
  assert.equal(status.startedWith.version, 'next');
  assert.notEqual(status.pid, before.pid);
  const served = load.count('200 served');
  await until('the new router serves', () => load.count('200 served') > served + 100);
  assert.deepEqual(await load.end(), ['200 served']);
});

test('a Webapp is redeployed again and again under steady load without one failed request', async () => {
  const { id, folder } = await deployWebapp('version 0');
  const load = keepVisiting(hostOf(id));
  const versions = ['version 1', 'version 2', 'version 3', 'version 4', 'version 5'];
  for (const words of versions) {
    writeFileSync(join(folder, 'server.py'), serverOf(words));
    await platform.git(['commit', '--quiet', '--all', '--message', words], folder);
    const deployed = await platform.grid(['deploy'], { folder });
    assert.equal(deployed.code, 0, deployed.out);
    await until(`${words} is served`, () => load.count(`200 ${words}`) > 20);
  }
  const answers = ['version 0', ...versions].map((words) => `200 ${words}`);
  assert.deepEqual(await load.end(), answers);
});

test('what is asked of the platform while its control plane restarts is answered when it is back', async () => {
  platform.kill();
  await until('the control plane is dead', () => !platform.running());
  const asking = [
    platform.grid(['whoami']),
    platform.grid(['app', 'list']),
    platform.visit('localhost', '/grid/v1/status'),
  ] as const;
  await platform.start();
  const [whoami, list, status] = await Promise.all(asking);
  assert.equal(whoami.code, 0, whoami.out);
  assert.equal(list.code, 0, list.out);
  assert.equal(status.status, 200);
});
