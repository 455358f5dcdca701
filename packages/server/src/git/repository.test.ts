import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { createRepository } from './repository.ts';
import { git } from './run-git.ts';

test('git keeps to what the platform set when it made the repository', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-repository-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = dataPaths(folder);
  const id = newId('application');
  await createRepository(paths, id);
  const read = (name: string) => git(['--git-dir', paths.repository(id), 'config', '--get', name]);
  const settings = {
    'core.bare': 'true',
    'core.hooksPath': 'hooks',
    'core.bigFileThreshold': '32m',
    'receive.fsckObjects': 'true',
    'receive.fsck.badTimezone': 'ignore',
    'receive.fsck.missingSpaceBeforeDate': 'ignore',
    'receive.fsck.zeroPaddedFilemode': 'ignore',
    'receive.maxInputSize': String(2 * 1024 ** 3),
    'receive.denyNonFastForwards': 'false',
    'gc.auto': '256',
    'gc.cruftPacks': 'true',
    'gc.pruneExpire': 'never',
  };
  for (const [name, value] of Object.entries(settings))
    assert.equal((await read(name)).trim(), value, name);
});
