import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { treeOf } from '../testing/tree-of.ts';
import { readManifest } from './read-manifest.ts';
import { requirementsOf } from './recipes/python/requirements-install.ts';

const requirements = requirementsOf(
  { path: 'requirements.txt', namedBy: undefined },
  {
    interpreter: { version: [3, 13, 0], path: '/p', folder: '/', digest: '', readOnly: [] },
    installer: { uv: undefined, settings: {}, readOnly: [] },
  },
  {},
);

const HOME = '/home/bas/app_1';

type Files = Record<string, string | Buffer>;
type Asked = { folder?: string; user?: Record<string, string> };

async function manifestOf(t: TestContext, files: Files, { folder = '', user = {} }: Asked = {}) {
  const seen = { variables: { APP_HOME: HOME, EMPTY: '', ...user }, home: HOME, folder };
  return readManifest(await treeOf(t, files), requirements, { seen, user });
}

const digestOf = async (t: TestContext, files: Files, asked?: Asked) =>
  (await manifestOf(t, files, asked))?.digest;

const reachOf = async (t: TestContext, files: Files, asked?: Asked) =>
  (await manifestOf(t, files, asked))?.reach;

test('a change in any file that is named counts, others do not', async (t) => {
  const files = {
    'requirements.txt': '-r a/base.txt',
    'a/base.txt': '-c pins.txt',
    'a/pins.txt': 'x==1',
  };
  const digest = await digestOf(t, files);
  assert.equal(await digestOf(t, { ...files, 'main.py': 'changed' }), digest);
  assert.notEqual(await digestOf(t, { ...files, 'a/pins.txt': 'x==2' }), digest);
  assert.notEqual(await digestOf(t, { ...files, 'uv.toml': 'index-url = "x"' }), digest);
  assert.notEqual(await digestOf(t, { ...files, 'pyproject.toml': '[tool.uv]\n' }), digest);
  assert.equal(await digestOf(t, { ...files, 'pyproject.toml': '[project]\n' }), digest);
});

test('a file counts however it is named: quoted, escaped, by a variable, absolute, as an address', async (t) => {
  const lines = [
    '-r "my base.txt"',
    "-r 'my base.txt'",
    '-r my\\ base.txt',
    '-r my base.txt',
    '-r"my base.txt"',
    '-r="my base.txt"',
    '--requirement="my base.txt"',
    '--requirement "my base.txt" # why',
    '--req "my base.txt"',
    '--pre -r "my base.txt"',
    '--no-index -r my base.txt',
    '-c "my base.txt"',
    '--constraint=my\\ base.txt',
    '-r \\\n  "my base.txt"',
    '-r "my ba\\\nse.txt"',
    '-r "${APP_HOME}/my base.txt"',
    '-r ${APP_HOME}/my\\ base.txt',
    '-r ${BASE}',
    '-r "${PROJECT_ROOT}/my base.txt"',
    `-r "${HOME}/my base.txt"`,
    `-r "${HOME}/other/../my base.txt"`,
    `-r file://${HOME}/my%20base.txt`,
    `-r file://localhost${HOME}/my%20base.txt`,
    '-r file://${APP_HOME}/my%20base.txt',
    'six\r-r "my base.txt"\rnumpy',
  ];
  const user = { BASE: 'my\\ base.txt' };
  for (const line of lines) {
    const files = { 'requirements.txt': `six\n${line}\n`, 'my base.txt': 'numpy==1' };
    const changed = { ...files, 'my base.txt': 'numpy==2' };
    assert.notEqual(await digestOf(t, files, { user }), await digestOf(t, changed, { user }), line);
    assert.equal(await reachOf(t, files, { user }), 'packages', line);
  }
});

test('a variable may be a whole line', async (t) => {
  const user = { LINE: '-r base.txt' };
  const files = { 'requirements.txt': '${LINE}', 'base.txt': 'numpy==1' };
  const changed = await digestOf(t, { ...files, 'base.txt': 'numpy==2' }, { user });
  assert.notEqual(await digestOf(t, files, { user }), changed);
});

test('a file counts in whatever encoding it is listed', async (t) => {
  const line = '-r bäse.txt\n';
  const utf16 = Buffer.from(`\ufeff${line}`, 'utf16le');
  const lists: Record<string, Buffer> = {
    'UTF-8 with a mark': Buffer.from(`\ufeff${line}`),
    'UTF-16': utf16,
    'UTF-16, the other way round': Buffer.from(utf16).swap16(),
    'Latin-1, as a comment says': Buffer.from(`# coding: latin-1\n${line}`, 'latin1'),
    'UTF-8, as a comment says': Buffer.from(`\n# -*- coding: utf_8 -*-\n${line}`),
    'Latin-1 for pip, UTF-8 for uv': Buffer.from(`# vim: set fileencoding=cp1252 :\n${line}`),
  };
  for (const [encoding, list] of Object.entries(lists)) {
    const files = { 'requirements.txt': list, 'bäse.txt': 'numpy==1' };
    const changed = await digestOf(t, { ...files, 'bäse.txt': 'numpy==2' });
    assert.notEqual(await digestOf(t, files), changed, encoding);
    assert.equal(await reachOf(t, files), 'packages', encoding);
  }
  for (const list of ['# coding: utf-7\n+AC0-r base.txt', Buffer.from([0xff, 0xfe, 0, 0, 0x2d])])
    assert.equal(await reachOf(t, { 'requirements.txt': list }), 'unknown');
  const latin = { 'requirements.txt': Buffer.from('# été\nnumpy', 'latin1') };
  assert.equal(await reachOf(t, latin), 'unknown', 'neither said nor UTF-8');
});

test('a file above the application’s folder counts too', async (t) => {
  const files = { 'api/requirements.txt': '-r ../base.txt', 'base.txt': '-c api/pins.txt' };
  const api = { folder: 'api' };
  const digest = await digestOf(t, files, api);
  assert.notEqual(await digestOf(t, { ...files, 'base.txt': 'x==2' }, api), digest);
  assert.notEqual(await digestOf(t, { ...files, 'api/pins.txt': 'x==2' }, api), digest);
  assert.notEqual(await digestOf(t, { ...files, 'uv.toml': 'x' }, api), digest);
});

test('files that name each other are read once', async (t) => {
  const files = { 'requirements.txt': '-r other.txt', 'other.txt': '-r requirements.txt\n./pkg' };
  assert.equal(await reachOf(t, files), 'tree');
});

test('a list that cannot be followed is known as such', async (t) => {
  const there = { 'pins.txt': 'x==1', 'out.txt': '-> /etc/hostname', 'up.txt': '-> ../x' };
  for (const line of [
    '-r https://example.com/base.txt',
    '-c "https://example.com/pins.txt"',
    '-c http://${HOST}/pins.txt',
    '-r ${HOST}://x/base.txt',
    '-r /etc/base.txt',
    '-r file:///etc/base.txt',
    '-r ../base.txt',
    `-r ${HOME}/../app_2/base.txt`,
    `-r ${HOME}_2/base.txt`,
    '-r ~/base.txt',
    '-r ${UNKNOWN}/base.txt',
    '-r ${EMPTY}pins.txt',
    '-r out.txt',
    '-r up.txt',
    '-r "open',
    '-r',
    '-r\npins.txt',
    'numpy\u2028-r pins.txt',
    '--unheard-of pins.txt',
    '--constructor pins.txt',
  ]) {
    const user = { HOST: 'https' };
    const files = { ...there, 'requirements.txt': line };
    assert.equal(await reachOf(t, files, { user }), 'unknown', line);
  }
});

test('more lists than are read here are not followed', async (t) => {
  const lists = Array.from({ length: 200 }, (_, at) => [`${at}.txt`, `-r ${at + 1}.txt`]);
  const files = { 'requirements.txt': '-r 0.txt', ...Object.fromEntries(lists) };
  assert.equal(await reachOf(t, files), 'unknown');
  const large = { 'requirements.txt': '-r large.txt', 'large.txt': '#'.repeat(5 * 1024 * 1024) };
  assert.equal(await reachOf(t, large), 'unknown');
});

test('what the user’s variables name counts as what the list names', async (t) => {
  const files = { 'requirements.txt': 'six', 'pins.txt': 'x==1', 'a b.txt': 'x==1' };
  for (const [name, value] of [
    ['PIP_CONSTRAINT', 'pins.txt'],
    ['UV_OVERRIDE', `${HOME}/pins.txt`],
    ['UV_BUILD_CONSTRAINT', './pins.txt other.txt'],
    ['PIP_REQUIREMENT', `file://${HOME}/pins.txt`],
  ]) {
    const asked = { user: { [name ?? '']: value ?? '' } };
    const changed = await digestOf(t, { ...files, 'pins.txt': 'x==2' }, asked);
    assert.notEqual(await digestOf(t, files, asked), changed, name);
    assert.equal(await reachOf(t, files, asked), 'packages', name);
  }
  const reaches: [string, string, string][] = [
    ['PIP_CONSTRAINT', 'https://example.com/pins.txt', 'unknown'],
    ['UV_CONSTRAINT', '/etc/pins.txt', 'unknown'],
    ['PIP_FIND_LINKS', 'wheels', 'tree'],
    ['UV_INDEX', 'own=./simple', 'tree'],
    ['PIP_INDEX_URL', `file://${HOME}/simple`, 'tree'],
    ['PIP_INDEX_URL', 'file:///opt/simple', 'unknown'],
    ['PIP_INDEX_URL', 'https://example.com/simple', 'packages'],
    ['UV_INDEX_OWN_PASSWORD', './x', 'packages'],
    ['PIP_CERT', '/etc/ssl/x.pem', 'packages'],
    ['PIP_CONFIG_FILE', 'pip.conf', 'tree'],
    ['PIP_CONFIG_FILE', 'far.conf', 'unknown'],
    ['PIP_CONFIG_FILE', '/dev/null', 'packages'],
    ['OTHER_FIND_LINKS', 'wheels', 'packages'],
    ['XDG_CONFIG_HOME', 'config', 'tree'],
    ['UV_PROJECT', 'sub', 'unknown'],
    ['UV_PROJECT', '', 'packages'],
    ['UV_WORKING_DIR', 'sub', 'unknown'],
    ['UV_WORKING_DIRECTORY', 'sub', 'unknown'],
    ['UV_PROJECT_ENVIRONMENT', '.venv', 'unknown'],
    ['PIP_PYTHON', 'sub/bin/python', 'unknown'],
    ['PIP_EDITABLE', 'sub', 'unknown'],
    ['PIP_GROUP', 'sub/pyproject.toml:web', 'unknown'],
    ['UV_CACHE_DIR', '/tmp/x', 'packages'],
    ['UV_PYTHON', '3.12', 'packages'],
    ['UV_CONCURRENT_DOWNLOADS', '4', 'packages'],
    ['PIP_NO_CACHE_DIR', 'off', 'packages'],
    ['PIP_DEFAULT_TIMEOUT', '60', 'packages'],
    ['PIP_CONFIG_SETTINGS', 'editable_mode=compat', 'packages'],
  ];
  const conf = {
    'pip.conf': '[global]\nindex-url = https://example.com/simple',
    'far.conf': '[install]\nconstraint =\n  https://example.com/pins.txt',
  };
  for (const [name, value, reach] of reaches)
    assert.equal(
      await reachOf(t, { ...files, ...conf }, { user: { [name]: value } }),
      reach,
      `${name}=${value}`,
    );
});

test('settings of uv that name places of the tree are known as such', async (t) => {
  const reaches: [string, string][] = [
    ['find-links = ["wheels"]', 'tree'],
    ['[[index]]\nname = "own"\nurl = "./simple"', 'tree'],
    ['override-dependencies = ["x @ file:///opt/x"]', 'unknown'],
    ['find-links = ["/opt/wheels"]', 'unknown'],
    ['no-cache = true', 'tree'],
    ['[[index]]\nurl = "https://example.com/simple"', 'packages'],
    ['[sources]\ntorch = { index = "pytorch" }', 'packages'],
  ];
  for (const [text, reach] of reaches)
    assert.equal(await reachOf(t, { 'requirements.txt': 'six', 'uv.toml': text }), reach, text);
});

test('a link inside the tree is followed; where one leads out of it the installer alone follows', async (t) => {
  const inside = { 'requirements.txt': '-> a/real.txt', 'a/real.txt': 'numpy' };
  assert.equal(await reachOf(t, inside), 'packages');
  for (const link of ['/etc/hostname', '/dev/zero', '../x'])
    assert.equal(await reachOf(t, { 'requirements.txt': `-> ${link}` }), 'unknown');
  assert.equal(await manifestOf(t, { 'requirements.txt': '-> missing' }), undefined);
  assert.equal(await manifestOf(t, {}), undefined);
});

test('behind a link, the folder above is that of where it leads', async (t) => {
  const files = {
    'requirements.txt': '-r link/../base.txt',
    link: '-> a/b',
    'a/b/x': '',
    'a/base.txt': 'x==1',
    'base.txt': 'x==1',
  };
  const digest = await digestOf(t, files);
  assert.notEqual(await digestOf(t, { ...files, 'a/base.txt': 'x==2' }), digest);
});

test('a pipe in place of a file holds nothing up', async (t) => {
  const root = await treeOf(t, { 'requirements.txt': '-r pipe' });
  execFileSync('/usr/bin/mkfifo', [join(root, 'pipe')]);
  const seen = { variables: {}, home: HOME, folder: '' };
  assert.equal((await readManifest(root, requirements, { seen, user: {} }))?.reach, 'unknown');
});
