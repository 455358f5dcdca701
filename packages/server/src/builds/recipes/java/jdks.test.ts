import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findJdks } from './jdks.ts';

test('every kit found answers, one for each release', async () => {
  const features = (await findJdks({})).map(({ feature }) => feature);
  assert.equal(new Set(features).size, features.length);
  assert.ok(features.every((feature) => feature >= 11));
});

test('a JAVA_HOME that leads nowhere is no kit', async () => {
  assert.deepEqual(await findJdks({ JAVA_HOME: '/nowhere' }), await findJdks({}));
});

test('who starts in / has the same kits as others', async (t) => {
  const [folder, kits] = [process.cwd(), await findJdks({})];
  t.after(() => process.chdir(folder));
  process.chdir('/');
  assert.deepEqual(await findJdks({}), kits);
});
