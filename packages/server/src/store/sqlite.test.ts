import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openSqlite } from './sqlite.ts';

/** Holds the whole file, as whoever mends the log after a crash does, and lets go half a second later. */
const HOLDER = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(workerData);
database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; create table held (id); begin immediate;');
parentPort.postMessage('held');
setTimeout(() => { database.exec('commit'); database.close(); }, 500);
`;

test('a file that somebody else holds for a moment is opened when they let go', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-sqlite-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'grid.db');
  const holder = new Worker(HOLDER, { eval: true, workerData: path });
  await once(holder, 'message');
  const database = openSqlite<{ held: { id: string } }>(path);
  t.after(() => Promise.all([database.write.destroy(), database.read.destroy()]));
  assert.deepEqual(await database.read.selectFrom('held').select('id').execute(), []);
});
