import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { Command } from '../workloads/engine.ts';
import type { Failure } from './recipe.ts';
import { SSH_FILE, planSshKey } from './ssh-key.ts';

const said = (text: string) => new Map([[SSH_FILE, { text }]]);

const isCommand = (plan: Command | Failure | undefined): plan is Command =>
  plan !== undefined && 'argv' in plan;

const refused = (plan: Command | Failure | undefined): string =>
  plan !== undefined && 'detail' in plan ? plan.detail : '';

async function keyIn(t: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'grid-ssh-'));
  t.after(() => rm(home, { recursive: true }));
  execFileSync('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, 'made')]);
  return { home, key: await readFile(join(home, 'made'), 'utf8') };
}

/** Runs what installs the key, where the repository is the home. */
async function installed(home: string, plan: ReturnType<typeof planSshKey>, key = '') {
  assert.ok(isCommand(plan));
  const [program, ...args] = plan.argv;
  const env = { PATH: '/usr/bin:/bin', HOME: home, CC_SSH_PRIVATE_KEY: key };
  return promisify(execFile)(program, args, { env, cwd: home });
}

test('a key is put where ssh finds it, for nobody else to read, and nothing is printed', async (t) => {
  const { home, key } = await keyIn(t);
  const CC_SSH_PRIVATE_KEY = key.trimEnd().replaceAll('\n', '\r\n');
  const plan = planSshKey({ CC_SSH_PRIVATE_KEY, CC_SSH_PRIVATE_KEY_FILE: 'id_x' }, new Map());
  const { stdout, stderr } = await installed(home, plan, CC_SSH_PRIVATE_KEY);
  assert.equal(stdout + stderr, '');
  const path = join(home, '.ssh', 'id_x');
  assert.equal(await readFile(path, 'utf8'), key);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const config = ['-F', join(home, '.ssh', 'config'), '-G', 'example.com'];
  const settings = execFileSync('ssh', config, { encoding: 'utf8' });
  assert.match(settings, /^stricthostkeychecking accept-new$/m);
  assert.ok(settings.includes(`identityfile ${path}`));
});

test('a file of the repository may be the key', async (t) => {
  const { home, key } = await keyIn(t);
  await installed(home, planSshKey({}, said('{"privateKeyFile": "./made"}')));
  assert.equal(await readFile(join(home, '.ssh', 'id_ed25519'), 'utf8'), key);
});

test('what is no key that can be used is said, and not shown', async (t) => {
  const { home } = await keyIn(t);
  await writeFile(join(home, 'no-key'), 'a secret of another kind\n');
  const plan = planSshKey({}, said('{"privateKeyFile": "no-key"}'));
  await assert.rejects(installed(home, plan), ({ stderr }: { stderr: string }) => {
    assert.match(stderr, /^clevercloud\/ssh\.json holds no private key that can be used/);
    return !stderr.includes('another kind');
  });
});

test('without a key nothing is done, and what makes no sense is refused', () => {
  assert.equal(planSshKey({ CC_SSH_PRIVATE_KEY: ' ' }, new Map()), undefined);
  for (const name of ['../x', '.ssh', 'a b', '-x\n'])
    assert.match(
      refused(planSshKey({ CC_SSH_PRIVATE_KEY_FILE: name }, new Map())),
      /^CC_SSH_PRIVATE_KEY_FILE=/,
    );
  for (const text of ['', '[]', '{"privateKeyFile": 1}'])
    assert.match(refused(planSshKey({}, said(text))), /^clevercloud\/ssh\.json: /);
  assert.match(refused(planSshKey({}, said('{"privateKeyFile": "/etc/key"}'))), /must be relative/);
});
