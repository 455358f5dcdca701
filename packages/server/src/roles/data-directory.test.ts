import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { openDataDirectory } from './data-directory.ts';

const mode = (path: string): number => statSync(path).mode & 0o777;

test('other users of the machine read nothing in the data directory, were it readable before or not', async (t) => {
  const root = join(mkdtempSync(join(tmpdir(), 'grid-data-')), 'data');
  t.after(() => rmSync(join(root, '..'), { recursive: true }));
  mkdirSync(root, { mode: 0o755 });
  writeFileSync(join(root, 'grid.db'), '', { mode: 0o644 });
  for (const path of ['repositories/app_x.git', 'checkouts/deployment_x', 'artifacts', 'caches/x'])
    mkdirSync(join(root, path), { recursive: true, mode: 0o755 });

  const paths = openDataDirectory(root);
  const database = openDatabase({ path: paths.database });
  t.after(() => database.close());
  await migrate(database, { now: 0, file: paths.database });

  assert.equal(mode(root) & 0o066, 0);
  for (const name of ['grid.db', 'grid.db-wal', 'grid.db-shm', 'leader.db', 'control-plane.log'])
    assert.equal(mode(join(root, name)), 0o600, name);
  for (const name of ['artifacts', 'caches', 'environments', 'logs', 'runs', 'tools'])
    assert.equal(mode(join(root, name)), 0o700, name);
  for (const name of ['repositories', 'checkouts']) assert.equal(mode(join(root, name)) & 0o066, 0);
  for (const path of ['repositories/app_x.git', 'checkouts/deployment_x'])
    assert.equal(mode(join(root, path)) & 0o007, 0, path);
});
