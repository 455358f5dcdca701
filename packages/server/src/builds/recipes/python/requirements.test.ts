import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReferences } from './requirements.ts';

const seen = {
  variables: { APP_HOME: '/home/bas/app', USER: 'bas', TOKEN_2: 'secret' },
  home: '/home/bas/app',
  folder: 'api',
};

const read = (text: string, path = 'api/requirements.txt') =>
  readReferences({ path, bytes: Buffer.from(text) }, seen);

const reachOf = (line: string) => read(line).reach;

test('files named by -r and -c are found in every way of writing them', () => {
  const text = [
    '-r base.txt',
    '-rshort.txt',
    '--requirement more.txt',
    '--requirement=equal.txt',
    '-c \\',
    '  continued.txt',
    '--constraint pins.txt  # why',
    '# -r commented.txt',
    '# -r commented.txt \\',
    '-r after.txt',
    'requests  # -r no.txt',
  ].join('\r\n');
  const { files, reach } = read(text, 'requirements.txt');
  assert.deepEqual(files, [
    'base.txt',
    'short.txt',
    'more.txt',
    'equal.txt',
    'continued.txt',
    'pins.txt',
    'after.txt',
  ]);
  assert.equal(reach, 'packages');
});

test('a file is named from where the one that names it stands', () => {
  const named = (text: string, path: string) =>
    read(text, path).files.filter((file) => !file.includes('..'));
  assert.deepEqual(named('-r ../base.txt\n-c sub/pins.txt', 'config/prod.txt'), [
    'base.txt',
    'config/sub/pins.txt',
  ]);
});

test('packages of an index, with hashes, markers and options, belong to no tree', () => {
  for (const line of [
    'numpy',
    'numpy==2.1.0 --hash=sha256:abc/def',
    'numpy==2.1.0 \\\n    --hash=sha256:abc/def \\\n    --hash=sha256:def',
    'numpy>=2 ; python_version < "3.13"',
    'numpy[extra] (>=2)',
    'zope.interface',
    'psycopg2>=2.7 --no-binary psycopg2',
    'psycopg2 --config-settings="--global-option=./x"',
    '--index-url https://example.com/simple/',
    '--index-url "https://example.com/simple/"',
    '--extra-index-url=https://${USER}:${TOKEN_2}@example.com/a/b',
    '--no-binary :all:',
    '--pre',
    '--trusted-host example.com --no-index',
    'pkg @ https://example.com/pkg-1.0-py3-none-any.whl',
    'pkg@https://example.com/pkg-1.0.zip ; python_version > "3"',
    'pkg @ git+ssh://git@example.com/a/b.git',
    '-e git+https://example.com/a/b.git#egg=b',
    'git+https://example.com/a/b.git@main',
    'https://example.com/pkg.tar.gz',
    '-f https://example.com/wheels/',
  ])
    assert.equal(reachOf(line), 'packages', line);
});

test('what is installed out of the tree is known as such', () => {
  for (const line of [
    '.',
    './pkg',
    '../pkg',
    '.[extra]',
    'libs/pkg',
    'pkg-1.0-py3-none-any.whl',
    'vendor.tar',
    'vendor/pkg.tar.gz[fast] ; python_version > "3"',
    'file:///home/bas/app/pkg',
    'file://${APP_HOME}/pkg',
    '${APP_HOME}/pkg',
    'pkg @ file:///home/bas/app/pkg',
    'pkg @ ./pkg',
    'pkg[extra]@./pkg',
    '-e .',
    '-e "./my pkg"',
    '-e.[dev]',
    '--editable=./pkg',
    '--edit ./pkg',
    '-e git+file:///home/bas/app/pkg#egg=x',
    '--find-links ./wheels',
    '-f wheels',
    '--pre --find-links wheels',
    '--index-url file:///home/bas/app/simple',
    '-i ../simple',
    'not a requirement',
  ])
    assert.equal(reachOf(line), 'tree', line);
});

test('what is installed out of some other place is known as such', () => {
  for (const line of [
    '/opt/pkg',
    '../../pkg',
    'pkg @ file:///opt/pkg',
    '-e git+file:///opt/pkg#egg=x',
    '-f /opt/wheels',
    '-i file:///opt/simple',
    'pkg @ https://${UNKNOWN}@example.com/pkg.whl',
  ])
    assert.equal(reachOf(line), 'unknown', line);
});

test('of files of another kind nothing is read but lists on the network', () => {
  const reach = (path: string, text: string) => read(text, path).reach;
  assert.equal(reach('api/pyproject.toml', '[project]\ndependencies = ["six"]'), 'tree');
  assert.equal(reach('api/pip.conf', '[install]\nconstraint = https://x/y.txt'), 'unknown');
});

test('variables written into the lines are named', () => {
  const { variables } = read('https://${USER}:${TOKEN_2}@example.com/x.whl\n$HOME\n# ${NO}');
  assert.deepEqual(variables, ['USER', 'TOKEN_2']);
});
