import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { treeOf } from '../../../testing/tree-of.ts';
import { readManifest } from '../../read-manifest.ts';
import { projectPackages } from './project-install.ts';

const TOOLS = {
  interpreter: { version: [3, 13, 0], path: '/p', folder: '/', digest: '', readOnly: [] },
  installer: { uv: '/tools/uv', settings: {}, readOnly: [] },
  pip: undefined,
} as const;

/** What a project in `services/api` of such a tree asks for. */
async function manifestOf(t: TestContext, files: Record<string, string>) {
  const given = { environment: {}, kind: 'webapp', files: new Map() } as const;
  const asked = projectPackages({ path: 'pyproject.toml', by: 'project' }, given, TOOLS);
  assert.ok(!('reason' in asked));
  const seen = { variables: {}, home: '/home/bas/app_1', folder: 'services/api' };
  return readManifest(await treeOf(t, { ...MEMBER, ...files }), asked, { seen, user: {} });
}

const MEMBER = {
  'services/api/pyproject.toml': '[project]\nname = "api"\ndependencies = ["six"]\n',
  'pyproject.toml': '[tool.uv.workspace]\nmembers = ["services/*"]\n',
};

test('a member of a workspace is installed as the lock above it says', async (t) => {
  const lock =
    '[[package]]\nname = "six"\nversion = "1"\nsource = { registry = "https://x/simple" }\n';
  const found = await manifestOf(t, { 'uv.lock': lock });
  assert.equal(found?.reach, 'packages');
  const newer = await manifestOf(t, { 'uv.lock': lock.replace('"1"', '"2"') });
  assert.notEqual(newer?.digest, found.digest);
  const local = `${lock}[[package]]\nname = "lib"\nsource = { editable = "packages/lib" }\n`;
  assert.equal((await manifestOf(t, { 'uv.lock': local }))?.reach, 'tree');
});

test('what a workspace says is one of its members is something of the tree, without a lock too', async (t) => {
  for (const source of ['lib = { workspace = true }', 'lib.workspace = true'])
    assert.equal(
      (await manifestOf(t, { 'pyproject.toml': `[tool.uv.sources]\n${source}\n` }))?.reach,
      'tree',
      source,
    );
});

test('a variable that moves Pipenv elsewhere leaves nobody to tell what it installs', async (t) => {
  const given = { environment: {}, kind: 'webapp', files: new Map() } as const;
  const asked = projectPackages({ path: 'Pipfile', by: 'pipenv' }, given, TOOLS);
  assert.ok(!('reason' in asked));
  const tree = await treeOf(t, { Pipfile: '[packages]\nsix = "*"\n' });
  const reachOf = async (user: Record<string, string>) => {
    const seen = { variables: user, home: '/home/bas/app_1', folder: '' };
    return (await readManifest(tree, asked, { seen, user }))?.reach;
  };
  assert.equal(await reachOf({ PIPENV_PIPFILE: 'sub/Pipfile' }), 'unknown');
  assert.equal(await reachOf({ PIPENV_PYPI_MIRROR: 'https://x/simple' }), 'packages');
  assert.equal(await reachOf({ PIPENV_SKIP_LOCK: '1' }), 'packages');
});
