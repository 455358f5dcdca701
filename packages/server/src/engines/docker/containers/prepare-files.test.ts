import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSpec } from '../../../testing/instance.ts';
import { need } from '../../../testing/need.ts';
import { diskUse } from './disk-use.ts';
import { prepareFiles } from './prepare-files.ts';

const SOMEBODY = { uid: 12_345, gid: 12_345 };

test('a tree is given whole, and nothing that a link in it leads to', async (t) => {
  if (!need(t, process.getuid?.() === 0, 'root')) return;
  const folder = mkdtempSync(join(tmpdir(), 'grid-give-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [source, beside] = [join(folder, 'tree'), join(folder, 'beside')];
  for (const path of [join(source, 'a', 'b'), beside]) mkdirSync(path, { recursive: true });
  writeFileSync(join(source, 'a', 'b', 'file'), '');
  writeFileSync(join(beside, 'file'), '');
  symlinkSync('../../beside', join(source, 'a', 'link'));
  const { files } = makeSpec(folder, 'true');
  const application = { ...files.application, source, access: 'writable' } as const;

  await prepareFiles({ ...makeSpec(folder, 'true'), files: { ...files, application } }, SOMEBODY);
  const owner = (path: string): number => lstatSync(path).uid;
  for (const path of ['', 'a', 'a/b', 'a/b/file', 'a/link'])
    assert.equal(owner(join(source, path)), SOMEBODY.uid, path);
  for (const path of [beside, join(beside, 'file')]) assert.equal(owner(path), 0);
});

test('a link to much more than is written is a link, also in the place of a folder', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'grid-use-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'mine'));
  symlinkSync('/usr', join(folder, 'mine', 'link'));
  symlinkSync('/usr', join(folder, 'root'));
  const used = await diskUse([join(folder, 'mine'), join(folder, 'root')], t.signal);
  assert.ok(used < 1024 ** 2, `${used} bytes`);
  mkdirSync(join(folder, ...Array<string>(300).fill('d')), { recursive: true });
  assert.equal(await diskUse([folder], t.signal), Infinity);
});
