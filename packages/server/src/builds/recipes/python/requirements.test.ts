import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReferences } from './requirements.ts';

const filesOf = (text: string, path = 'requirements.txt') => readReferences(path, text).files;
const isLocal = (line: string) => readReferences('requirements.txt', line).local;

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
    'requests  # -r no.txt',
    '-r https://example.com/remote.txt',
  ].join('\r\n');
  assert.deepEqual(filesOf(text), [
    'base.txt',
    'short.txt',
    'more.txt',
    'equal.txt',
    'continued.txt',
    'pins.txt',
  ]);
});

test('a file is named from where the one that names it stands', () => {
  assert.deepEqual(filesOf('-r ../base.txt\n-c sub/pins.txt', 'config/prod.txt'), [
    'base.txt',
    'config/sub/pins.txt',
  ]);
});

test('packages of an index, with hashes, markers and options, belong to no tree', () => {
  for (const line of [
    'numpy',
    'numpy==2.1.0 --hash=sha256:abc/def',
    'numpy>=2 ; python_version < "3.13"',
    'psycopg2>=2.7 --no-binary psycopg2',
    '--index-url https://example.com/simple/',
    '--extra-index-url=https://example.com/a/b',
    'pkg @ https://example.com/pkg-1.0-py3-none-any.whl',
    'pkg @ git+ssh://git@example.com/a/b.git',
    '-e git+https://example.com/a/b.git#egg=b',
    'https://example.com/pkg.tar.gz',
    '-f https://example.com/wheels/',
  ])
    assert.equal(isLocal(line), false, line);
});

test('what is installed out of the tree is known as such', () => {
  for (const line of [
    '.',
    './pkg',
    '../pkg',
    '.[extra]',
    'libs/pkg',
    'pkg-1.0-py3-none-any.whl',
    'vendor/pkg.tar.gz[fast] ; python_version > "3"',
    'file:///home/bas/app/pkg',
    'pkg @ file:///home/bas/app/pkg',
    'pkg @ ./pkg',
    '-e .',
    '--editable=./pkg',
    '--find-links ./wheels',
    '-f wheels',
  ])
    assert.equal(isLocal(line), true, line);
});

test('variables written into the lines are named', () => {
  const { variables } = readReferences('r', 'https://${USER}:${TOKEN_2}@example.com/x.whl\n$HOME');
  assert.deepEqual(variables, ['USER', 'TOKEN_2']);
});
