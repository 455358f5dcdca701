import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { treeOf } from '../../../testing/tree-of.ts';
import { RAN_NO_CODE } from '../../recipe.ts';
import { TELL_BUILT, forgetBuilt } from './built-packages.ts';

/** The parts of the installation's script, with a cache in which both installers have built something. */
async function open(t: TestContext) {
  const root = await treeOf(t, {
    'cache/uv/sdists-v9/.gitignore': '',
    'cache/uv/sdists-v9/pypi/six/x.whl': '',
    'cache/uv/wheels-v5/pypi/six.whl': '',
    'cache/pip/wheels/x.whl': '',
    'cache/pip/http/x': '',
    'cache/pipenv/wheels/x.whl': '',
    'env/bin/python': '',
    uv: '#!/bin/sh\necho "$UV_CACHE_DIR"\n',
  });
  await chmod(join(root, 'uv'), 0o755);
  const at = (path: string): string => join(root, path);
  const variables = { PATH: '/usr/bin:/bin', XDG_CACHE_HOME: at('cache') };
  const run = (argv: readonly string[], more: Record<string, string> = {}): unknown =>
    execFileSync(
      '/usr/bin/env',
      argv.map((word) => word.replaceAll('/opt/env', at('env'))),
      { env: { ...variables, uv: at('uv'), UV_CACHE_DIR: at('cache/uv'), ...more } },
    );
  return { at, run };
}

const BUILT = ['cache/uv/sdists-v9/pypi', 'cache/pip/wheels', 'cache/pipenv/wheels'];

test('what was built of sources is forgotten where other variables are seen, and nothing else', async (t) => {
  const { at, run } = await open(t);
  run(forgetBuilt(at('uv'), 'a').argv);
  for (const path of BUILT) assert.ok(!existsSync(at(path)), path);
  for (const path of ['cache/uv/wheels-v5/pypi/six.whl', 'cache/pip/http/x'])
    assert.ok(existsSync(at(path)), path);
  for (const path of BUILT) await mkdir(at(path), { recursive: true });
  run(forgetBuilt(at('uv'), 'a').argv);
  for (const path of BUILT) assert.ok(existsSync(at(path)), path);
  run(forgetBuilt(undefined, 'b').argv);
  for (const path of BUILT) assert.ok(!existsSync(at(path)), path);
});

test('that no code ran is told where nothing was ever built, and only where that can be seen', async (t) => {
  const { at, run } = await open(t);
  const isTold = (more?: Record<string, string>): boolean => {
    run(['/bin/sh', '-c', TELL_BUILT], more);
    return existsSync(at(`env/${RAN_NO_CODE}`));
  };
  await writeFile(at(`env/${RAN_NO_CODE}`), '');
  assert.equal(isTold(), false, 'something was built');
  await rm(at('cache/uv/sdists-v9/pypi'), { recursive: true });
  assert.equal(isTold(), true);
  assert.equal(isTold({ UV_NO_CACHE: '1' }), false, 'without a cache');
  assert.equal(isTold({ UV_CACHE_DIR: at('none') }), false, 'nobody knows where');
  assert.equal(isTold({ uv: '/bin/false' }), false, 'uv does not say where');
});
