import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePackages, describeChoice } from './choose-packages.ts';

const filesOf = (texts: Record<string, string>) =>
  new Map(Object.entries(texts).map(([path, text]) => [path, { text }]));

const PROJECT = '[project]\nname = "x"\ndependencies = ["six"]\n';
const BUILD = '[build-system]\nrequires = ["poetry-core"]\n';
const POETRY = `[tool.poetry]\nname = "x"\n${BUILD}`;

for (const [texts, path, by] of [
  [
    { 'requirements.txt': '', 'uv.lock': '', 'pyproject.toml': PROJECT },
    'requirements.txt',
    'list',
  ],
  [{ 'uv.lock': '', 'pyproject.toml': PROJECT }, 'uv.lock', 'lock'],
  [{ 'pylock.toml': '', 'pyproject.toml': PROJECT }, 'pylock.toml', 'list'],
  [{ Pipfile: '', 'Pipfile.lock': '{}' }, 'Pipfile', 'pipenv'],
  [{ 'pyproject.toml': PROJECT, 'setup.py': '' }, 'pyproject.toml', 'project'],
  [{ 'pyproject.toml': POETRY, 'poetry.lock': '' }, 'pyproject.toml', 'metadata'],
  [{ 'pyproject.toml': BUILD, 'setup.cfg': '[metadata]\n' }, 'pyproject.toml', 'metadata'],
  [{ 'pyproject.toml': '[tool.ruff]\n', 'setup.py': '' }, 'setup.py', 'setup'],
] as const)
  test(`of ${Object.keys(texts).join(' and ')} the first decides`, () => {
    const files = filesOf(texts);
    assert.deepEqual(choosePackages(files), { path, by });
    assert.match(
      describeChoice(files, path)[0] ?? '',
      new RegExp(`^Installing what ${path} lists`),
    );
  });

test('the log says what is not read because something stronger is there', () => {
  const files = filesOf({
    'requirements.txt': '',
    'uv.lock': '',
    'pyproject.toml': PROJECT,
    'environment.yml': '',
  });
  assert.deepEqual(describeChoice(files, 'requirements.txt'), [
    'Installing what requirements.txt lists, not uv.lock and pyproject.toml',
    'environment.yml is not read here: a post-build hook can make the environment, with conda.',
  ]);
});

test('what belongs to the file that decides is not said to be passed over', () => {
  for (const [texts, path] of [
    [{ 'uv.lock': '', 'pyproject.toml': PROJECT }, 'uv.lock'],
    [{ Pipfile: '', 'Pipfile.lock': '{}' }, 'Pipfile'],
    [{ 'requirements.txt': '', 'pyproject.toml': '[tool.ruff]\n' }, 'requirements.txt'],
    [{ 'setup.py': '', 'setup.cfg': '[metadata]\n' }, 'setup.py'],
  ] as const)
    assert.deepEqual(describeChoice(filesOf(texts), path), [`Installing what ${path} lists`]);
});

for (const [texts, said] of [
  [{ 'environment.yml': '' }, /^Nothing is installed\n.*conda/],
  [{ 'poetry.lock': '', 'pyproject.toml': '[tool.poetry]\n' }, /^Nothing.*\n.*poetry export/],
  [{ 'setup.cfg': '[options]\ninstall_requires = six\n' }, /^Nothing is installed\nsetup\.cfg/],
  [
    { 'pyproject.toml': '[tool.ruff]\n' },
    /^Nothing is installed: pyproject.toml has no \[project\]$/,
  ],
  [{ 'pyproject.toml': 'not = [TOML' }, /^Nothing is installed: pyproject.toml/],
  [{ 'setup.cfg': '[flake8]\n' }, /^$/],
  [{}, /^$/],
] as const)
  test(`what is not installed is said, with the way: ${JSON.stringify(texts)}`, () => {
    const files = filesOf(texts);
    assert.equal(choosePackages(files), undefined);
    assert.match(describeChoice(files, undefined).join('\n'), said);
  });

test('of a project that is too long to be read it is not said what it has', () => {
  const files = new Map([['pyproject.toml', { text: undefined, longerThan: 262_144 }]]);
  assert.equal(choosePackages(files), undefined);
  assert.deepEqual(describeChoice(files, undefined), ['Nothing is installed']);
});

test('a project as long as real ones is read', () => {
  const tools = '# why this rule is off\n'.repeat(5000);
  const path = 'pyproject.toml';
  assert.deepEqual(choosePackages(filesOf({ [path]: tools + PROJECT })), { path, by: 'project' });
});
