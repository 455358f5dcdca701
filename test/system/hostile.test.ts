import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { copyExample, openPlatform, run, serverOf } from './platform.ts';

const isolated = existsSync('/usr/bin/bwrap') && existsSync('/usr/sbin/nft');

test('a hostile application reaches nothing that is not its own', async (t) => {
  if (!need(t, isolated, 'bubblewrap and nftables')) return;
  const platform = await openPlatform({ NEIGHBOUR_SECRET: 'of the control plane' });
  const listener = createServer().listen(0, '0.0.0.0');
  after(async () => {
    listener.close();
    await platform.end();
  });
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  const host = Object.values(networkInterfaces())
    .flatMap((one) => one ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => `${address}:${port}`);

  const other = await platform.grid([
    'claim',
    '--data-dir',
    platform.data,
    '--email',
    'eve@example.com',
    '--organization',
    'Eve',
  ]);
  assert.equal(other.code, 3, 'the platform is claimed once');
  const neighbour = await platform.repository({ 'server.py': serverOf('private') });
  const id = await platform.create(neighbour, {
    type: 'ml_python_web',
    env: ['CC_MLPYTHON_RUN_MAIN=server.py', 'NEIGHBOUR_SECRET=x'],
  });
  assert.equal((await platform.grid(['deploy'], { folder: neighbour })).code, 0);
  const [instance] = platform.query<{ endpoint_host: string }>(
    `select endpoint_host from instances where application_id = '${id}'`,
  );

  const { id: organization } = await platform.ask<{ id: string }>(
    'POST',
    '/grid/v1/organizations',
    {
      name: 'Eve’s',
    },
  );
  const folder = await platform.repository({ placeholder: '' });
  copyExample('hostile', folder);
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'hostile'], folder);
  const forbidden = [
    ...host,
    `127.0.0.1:${platform.port()}`,
    `${instance?.endpoint_host}:8080`,
  ].join(',');
  const env = ['CC_MLPYTHON_RUN_MAIN=attempts.py', `FORBIDDEN=${forbidden}`];
  await platform.create(folder, { type: 'ml_python', env, args: ['--org', organization] });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.match(out, /all attempts made/);
  assert.ok(out.includes(`refused ${instance?.endpoint_host}:8080`), out);
  assert.doesNotMatch(out, /HOLE/);
});

test('the same for a platform that an ordinary user runs', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('this is what the test before does here');
  if (!need(t, isolated && existsSync('/usr/bin/pasta'), 'bubblewrap, nftables and pasta')) return;
  const user = 'grid-hostile';
  if ((await run('id', [user])).code !== 0) execFileSync('useradd', ['--create-home', user]);
  const folder = mkdtempSync(join(tmpdir(), 'grid-clone-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(import.meta.dirname, '..', '..');
  for (const name of ['bin', 'packages', 'examples', 'test', 'node_modules', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
  execFileSync('chown', ['-R', user, folder]);
  const node = join(folder, 'node_modules', 'node', 'bin', 'node');
  const file = join(folder, 'test', 'system', 'hostile.test.ts');
  const path = 'PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
  const args = [
    '-u',
    user,
    '--',
    'env',
    '-i',
    path,
    `HOME=/home/${user}`,
    'GRID_TESTS=all',
    node,
    '--test-reporter=tap',
    file,
  ];
  const { code, out } = await run('runuser', args, { cwd: folder });
  assert.equal(code, 0, out);
});
