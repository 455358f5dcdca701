import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { linkedApps, openClever, workFolder } from './clever.ts';
import { openPlatform, run, serverOf } from './platform.ts';
import { openTerminal, sshFolder } from './ssh-client.ts';

/** The official command line: into instances, by the SSH client of its user. */
const platform = await openPlatform();
after(() => platform.end());
const clever = await openClever(platform);

const asKey = (key: string) => ({
  PATH: `${sshFolder(platform, key)}:${clever.environment['PATH']}`,
});

const { cwd } = await workFolder(platform, 'web', { 'server.py': serverOf('hello') });
const here = { cwd, env: asKey('key') };
for (const args of [
  ['create', '--type', 'ml_python_web', '--org', 'Lab', 'web'],
  ['env', 'set', 'CC_MLPYTHON_RUN_MAIN', 'server.py'],
  ['env', 'set', 'GREETING', "it's me"],
  ['deploy'],
]) {
  const { code, out, err } = await clever.run(args, here);
  assert.equal(code, 0, out + err);
}

test('H9 a command inside, with its output and its end', async () => {
  const said = await clever.run(['ssh', '-c', 'echo "$GREETING"; exit 3'], here);
  assert.deepEqual(said, { code: 3, out: "it's me\n", err: '' });
});

test('a shell inside, on a terminal', async () => {
  const env = { ...clever.environment, ...here.env };
  const terminal = openTerminal(clever.argv(['ssh']), '90 30', { cwd, env });
  terminal.type('stty size; echo "$GREETING" | tr a-z A-Z\n');
  await terminal.shows(/30 90/);
  await terminal.shows(/IT'S ME/);
  terminal.type('exit\n');
  assert.equal(await terminal.end, 0);
});

test('who has no key of the account is not let in', async () => {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(platform.home, 'other')]);
  const [app] = linkedApps(cwd);
  const options = { cwd, env: asKey('other') };
  const said = await clever.run(['ssh', '--app', app?.app_id ?? '', '-c', 'id'], options);
  assert.equal(said.code, 255);
  assert.equal(said.out, '');
});
