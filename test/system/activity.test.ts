import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openPlatform, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

type Row = { uuid: string; state: string; action: string; commit: string };

test('who follows the activity sees each deployment begin and end, over a crash of the platform too', async (t) => {
  const folder = await platform.repository({ 'main.py': 'print(1)\n' });
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
  const id = await platform.create(folder, { type: 'ml_python', env });
  assert.equal((await platform.grid(['deploy'], { folder })).code, 0);
  const { token, secret, home } = platform;
  const url = `http://localhost:${platform.port()}`;
  const pair = { GRID_URL: url, GRID_TOKEN: token, GRID_SECRET: secret };
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'grid');
  const args = ['activity', '--follow', '--app', id, '--format', 'json'];
  const follower = spawn(bin, args, { cwd: home, env: { ...process.env, ...pair } });
  t.after(() => follower.kill());
  let text = '';
  for (const stream of [follower.stdout, follower.stderr])
    stream.on('data', (part: Buffer) => (text += part.toString('utf8')));
  const seen = (): string[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as Row).state);
  await until('what was there is shown', () => seen().length === 1);
  const rerun = () => platform.grid(['restart', '--app', id]);
  assert.equal((await rerun()).code, 0);
  await until('a restart is shown', () => seen().length === 3);
  platform.kill();
  await until('it is gone', () => !platform.running());
  await platform.start();
  assert.equal((await rerun()).code, 0);
  await until(
    'the restart after the crash is shown',
    () => seen().at(-1) === 'OK' && seen().length >= 4,
  );
  const states = seen();
  assert.deepEqual(states.slice(0, 3), ['OK', 'WIP', 'OK']);
  assert.equal(follower.exitCode, null);
});
