import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeDeviceFiles } from '../../packages/server/src/testing/device-files.ts';
import { need, needRoot } from '../../packages/server/src/testing/need.ts';
import { root, run } from './platform.ts';

/** What keeps instances apart is built of other things where the platform is not run by root: it is tried as such, too. */
const FILES = [
  'test/system/hostile.test.ts',
  'packages/server/src/engines/process/process-engine.test.ts',
  'packages/server/src/engines/process/memory.test.ts',
  'packages/server/src/engines/process/disk.test.ts',
];
const USER = 'grid-ordinary';
const PARTS = ['bin', 'packages', 'examples', 'test', 'node_modules', 'package.json'];

const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), 'grid-clone-'));
after(() => rmSync(folder, { recursive: true, force: true }));

before(async () => {
  if (!isRoot) return;
  if ((await run('id', [USER])).code !== 0) execFileSync('useradd', ['--create-home', USER]);
  for (const name of PARTS)
    cpSync(join(root, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
  execFileSync('chown', ['-R', USER, folder]);
});

for (const file of FILES)
  test(`an ordinary user's platform: ${file}`, async (t) => {
    if (!needRoot(t, 'to run tests as another user')) return;
    if (!need(t, existsSync('/usr/bin/pasta'), 'pasta (apt-get install passt)')) return;
    const devices = makeDeviceFiles();
    t.after(() => rmSync(devices, { recursive: true }));
    const environment = [
      'PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      `HOME=/home/${USER}`,
      'GRID_TESTS=ordinary',
      `GRID_TEST_DEVICES=${devices}`,
    ];
    const node = join(folder, 'node_modules', 'node', 'bin', 'node');
    const words = [node, '--test-reporter=tap', join(folder, file)];
    const args = ['-u', USER, '--', 'env', '-i', ...environment, ...words];
    const { code, out } = await run('runuser', args, { cwd: folder });
    assert.equal(code, 0, out);
  });
