import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from '../../../testing/at-once.ts';
import { choosePython } from './choose-python.ts';
import type { Interpreter } from './interpreters.ts';
import { wishingFiles } from './version-wishes.ts';

const python = (...version: [number, number, number]): Interpreter => ({
  version,
  path: `/python${version.join('.')}`,
  folder: '/bin',
  digest: version.join('.'),
  readOnly: [],
});
const installed = [python(3, 9, 2), python(3, 13, 0), python(3, 11, 4)];

function choose(variables: Record<string, string>, texts: Record<string, string> = {}) {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, { text }]));
  const chosen = choosePython({ environment: variables, files }, installed);
  return [chosen?.interpreter.digest, ...(chosen?.notices ?? [])];
}
const byFiles = (texts: Record<string, string>) => choose({}, texts);

test('the newest is taken where none is asked for, and for plain 3', () => {
  for (const asked of ['3', '"3"', " '3' "])
    assert.deepEqual(choose({ PYTHON_VERSION: asked }), [
      '3.13.0',
      'Using Python 3.13.0, as PYTHON_VERSION says',
    ]);
  for (const variables of [{}, { PYTHON_VERSION: '' }])
    assert.deepEqual(choose(variables), ['3.13.0', 'Using Python 3.13.0']);
});

test('major.minor chooses, with or without quotes', () => {
  assert.deepEqual(choose({ PYTHON_VERSION: '3.9' }), [
    '3.9.2',
    'Using Python 3.9.2, as PYTHON_VERSION says',
  ]);
  assert.equal(choose({ PYTHON_VERSION: ' "3.11" ' })[0], '3.11.4');
});

test('PYTHON_VERSION wins over CC_PYTHON_VERSION, unless it is empty', () => {
  const CC_PYTHON_VERSION = '3.9';
  assert.equal(choose({ PYTHON_VERSION: '3.11', CC_PYTHON_VERSION })[0], '3.11.4');
  assert.equal(choose({ PYTHON_VERSION: '', CC_PYTHON_VERSION })[0], '3.9.2');
  assert.equal(choose({ CC_PYTHON_VERSION })[0], '3.9.2');
});

test('what is not there falls back to the newest, and a warning names what is', () => {
  for (const asked of ['2', '2.7', '3.6', '3.11.4', 'latest'])
    assert.deepEqual(choose({ CC_PYTHON_VERSION: asked }), [
      '3.13.0',
      `CC_PYTHON_VERSION=${asked} is not available here (3.9, 3.11, 3.13): using 3.13.0.`,
      'Using Python 3.13.0',
    ]);
});

test('a machine without Python has none to choose', () => {
  assert.equal(choosePython({ environment: {}, files: new Map() }, []), undefined);
});

for (const [path, text, version] of [
  ['.python-version', '3.11\n', '3.11.4'],
  ['.python-version', '# ours\r\n3.9.7 # exact\r\n3.13\r\n', '3.9.2'],
  ['.python-version', 'cpython-3.11.4-linux-x86_64-gnu', '3.11.4'],
  ['.python-version', '>=3.9,<3.12', '3.11.4'],
  ['runtime.txt', 'python-3.11.9\n', '3.11.4'],
  ['.tool-versions', 'nodejs 22.1.0\npython 3.9.2 3.13\n', '3.9.2'],
  ['Pipfile', '[requires]\npython_version = "3.11"\n', '3.11.4'],
  ['Pipfile', '[requires]\npython_full_version = "3.9.2"\n', '3.9.2'],
  ['pyproject.toml', '[project]\nname = "x"\nrequires-python = ">=3.9,<3.13"\n', '3.11.4'],
  ['pyproject.toml', "project = { requires-python = '~=3.11.2' }\n", '3.11.4'],
  ['pyproject.toml', '[tool.poetry.dependencies]\npython = "~3.9 || ^4"\n', '3.9.2'],
  ['setup.cfg', '[options]\npython_requires = >= 3.9, != 3.13.*\n', '3.11.4'],
  ['setup.py', "setup(name='x', python_requires='<3.11')\n", '3.9.2'],
  ['environment.yml', 'dependencies:\n  - numpy\n  - python=3.11  # ours\n', '3.11.4'],
  ['environment.yml', 'dependencies: [pip, "python>=3.9.1", six]\n', '3.13.0'],
] as const)
  test(`a file chooses where no variable does: ${path} with ${JSON.stringify(text)}`, () => {
    const [chosen, notice] = byFiles({ [path]: text });
    assert.equal(chosen, version);
    assert.ok(notice?.startsWith(`Using Python ${version}, as ${path} says (`), notice);
  });

test('a variable wins over files, and a file that is there for it over what a project counts on', () => {
  const texts = {
    '.python-version': '3.9',
    'pyproject.toml': '[project]\nrequires-python = ">=3.11"\n',
  };
  assert.equal(choose({ PYTHON_VERSION: '3.13' }, texts)[0], '3.13.0');
  assert.equal(byFiles(texts)[0], '3.9.2');
});

test('a version file may stand above the folder: the nearest counts', () => {
  const above = { '../.python-version': '3.11', '../../.python-version': '3.9' };
  assert.equal(byFiles(above)[0], '3.11.4');
  assert.equal(byFiles({ '.python-version': '3.9', ...above })[0], '3.9.2');
  const wanted = wishingFiles('apps/train').filter((path) => path.endsWith('.python-version'));
  assert.deepEqual(wanted, ['.python-version', '../.python-version', '../../.python-version']);
  assert.deepEqual(
    wishingFiles('').filter((path) => path.startsWith('..')),
    [],
  );
});

test('what a file wishes for and is not there, or nobody understands, is told of, and the next decides', () => {
  const requires = { 'pyproject.toml': '[project]\nrequires-python = "<3.13"\n' };
  assert.deepEqual(byFiles({ 'runtime.txt': 'python-3.6.1', ...requires }), [
    '3.11.4',
    'runtime.txt asks for Python 3.6.1, which is not available here (3.9, 3.11, 3.13).',
    'Using Python 3.11.4, as pyproject.toml says (<3.13)',
  ]);
  assert.deepEqual(byFiles({ '.python-version': 'my-environment' }), [
    '3.13.0',
    '.python-version asks for my-environment, which is no version of Python: it is not followed.',
    'Using Python 3.13.0',
  ]);
});

test('files that say nothing of it decide nothing', () => {
  const texts = {
    '.python-version': '\n# nothing\n',
    'pyproject.toml': '[tool.ruff]\n',
    'setup.py': 'import setuptools',
    'environment.yml': 'dependencies:\n  - python\n  - python-dateutil=2.8\n',
    Pipfile: 'this is = no [TOML',
  };
  assert.deepEqual(byFiles(texts), ['3.13.0', 'Using Python 3.13.0']);
});

test('a file that wishes for nothing is looked through once, however long it is', () => {
  for (const filling of ['\n', ' ', 'python_requires = "', 'python_requires=\n', '- ', '[,', '"\\'])
    for (const name of wishingFiles('')) {
      const text = `${filling.repeat(262_144 / filling.length)}x\n`;
      assert.ok(atOnce(() => byFiles({ [name]: text }))[0], `${name} of ${filling}`);
    }
});
