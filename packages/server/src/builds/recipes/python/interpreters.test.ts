import assert from 'node:assert/strict';
import { mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findInterpreters, nameInterpreters } from './interpreters.ts';
import type { Interpreter } from './interpreters.ts';

const interpreter = (folder: string): Interpreter => ({
  version: [3, 11, 2],
  path: join(folder, 'python3.11'),
  folder,
  digest: 'd'.repeat(64),
  readOnly: [],
});

test('an interpreter that its machine calls python3.11 is called python in a folder of ours', async (t) => {
  const tools = await mkdtemp(join(tmpdir(), 'grid-tools-'));
  t.after(() => rm(tools, { recursive: true }));
  for (let round = 0; round < 2; round++) {
    const [named] = await nameInterpreters([interpreter('/nowhere')], tools);
    assert.equal(await readlink(join(named?.folder ?? '', 'python')), '/nowhere/python3.11');
    assert.deepEqual(named?.readOnly, [named?.folder]);
  }
});

test('every interpreter found answers, one for each minor version', async () => {
  const found = await findInterpreters();
  const minors = found.map(({ version }) => version.slice(0, 2).join('.'));
  assert.ok(found.length > 0);
  assert.equal(new Set(minors).size, minors.length);
});
