import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Command } from '../workloads/engine.ts';
import { planCachedPaths } from './cached-paths.ts';

const planOf = (paths: string, isOn = 'true') =>
  planCachedPaths({
    CC_CACHE_DEPENDENCIES: isOn,
    CC_CACHE_DEPENDENCIES_EXTRA_PATHS: paths,
  });

function planned(paths: string) {
  const plan = planOf(paths);
  assert.ok(plan !== undefined && 'save' in plan);
  return plan;
}

test('nothing is kept unless both variables say so, and nothing from outside', () => {
  assert.equal(planOf('vendor', 'false'), undefined);
  assert.equal(planOf(' '), undefined);
  for (const paths of ['/etc', '..', '../..', '../../x', 'a/../../../x', 'ok:.', './']) {
    const plan = planOf(paths);
    assert.match(plan !== undefined && 'detail' in plan ? plan.detail : '', /at most/, paths);
  }
});

test('the next build begins with what the last one had there, unless it is made afresh', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'grid-kept-'));
  t.after(() => rm(root, { recursive: true }));
  const { restore, save, link } = planned('vendor/a b:missing:-x:../.tool');
  /** Each step has a home of its own, and the cache of all. */
  const step = async (name: string, commands: Command[]) => {
    const at = { APP_HOME: join(root, name, 'app'), HOME: join(root, name, 'home') };
    for (const folder of Object.values(at)) await mkdir(folder, { recursive: true });
    const env = { ...at, PATH: '/usr/bin:/bin', XDG_CACHE_HOME: join(root, 'cache') };
    for (const { argv } of [link, ...commands])
      await promisify(execFile)(argv[0], argv.slice(1), { env });
    return {
      tree: () => readFile(join(at.APP_HOME, 'vendor', 'a b', 'file'), 'utf8'),
      home: () => readFile(join(at.HOME, '.tool', 'file'), 'utf8'),
    };
  };
  await step('one', [restore({ afresh: false })]);
  await mkdir(join(root, 'one', 'app', 'vendor', 'a b'), { recursive: true });
  await writeFile(join(root, 'one', 'app', 'vendor', 'a b', 'file'), 'of the tree');
  await writeFile(join(root, 'one', 'home', '.tool', 'file'), 'of the home');
  await step('one', [save]);

  const two = await step('two', [restore({ afresh: false })]);
  assert.deepEqual([await two.tree(), await two.home()], ['of the tree', 'of the home']);
  const three = await step('three', [restore({ afresh: true })]);
  await assert.rejects(three.tree(), { code: 'ENOENT' });
  const four = await step('four', [restore({ afresh: false })]);
  await assert.rejects(four.home(), { code: 'ENOENT' });
});
