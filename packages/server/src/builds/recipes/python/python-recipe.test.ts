import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Interpreter } from './interpreters.ts';
import { readLock } from './lock-install.ts';
import { pythonRecipe } from './python-recipe.ts';

const interpreters: Interpreter[] = [
  { version: [3, 12, 1], path: '/p', folder: '/bin', digest: 'twelve', readOnly: [] },
  { version: [3, 13, 0], path: '/q', folder: '/bin', digest: 'thirteen', readOnly: [] },
];
const installer = { uv: undefined, settings: {}, readOnly: [] };
const MAIN = { CC_MLPYTHON_RUN_MAIN: 'main.py' };

const decide = (environment: Record<string, string>, found = interpreters, there: string[] = []) =>
  pythonRecipe({ interpreters: found, installer: { ...installer, uv: '/tools/uv' } }).plan({
    kind: 'webapp',
    environment: { ...MAIN, ...environment },
    files: new Map(there.map((path) => [path, { text: undefined }])),
  });

function planned(environment: Record<string, string> = {}, there: string[] = []) {
  const plan = decide(environment, interpreters, there);
  assert.ok(!('reason' in plan), JSON.stringify(plan));
  return plan;
}

test('the requirements file stays inside the repository', () => {
  for (const path of ['/etc', '..', '../other', 'a/../../b']) {
    const plan = decide({ CC_PIP_REQUIREMENTS_FILE: path });
    assert.match('detail' in plan ? plan.detail : '', /^CC_PIP_REQUIREMENTS_FILE=/);
  }
});

test('a requirements file must be there only where it is named', () => {
  const file = (environment: Record<string, string> = {}) => {
    const { path, namedBy } = planned(environment).dependencies ?? {};
    return [path, namedBy];
  };
  assert.deepEqual(file(), ['requirements.txt', undefined]);
  const CC_PIP_REQUIREMENTS_FILE = 'config/prod.txt';
  assert.deepEqual(file({ CC_PIP_REQUIREMENTS_FILE }), [
    'config/prod.txt',
    'CC_PIP_REQUIREMENTS_FILE',
  ]);
});

test('the winner among several start variables, and the version, are said', () => {
  const { notices } = planned({ CC_RUN_COMMAND: 'make', PYTHON_VERSION: '2.7' });
  assert.deepEqual(notices, [
    'CC_RUN_COMMAND wins over CC_MLPYTHON_RUN_MAIN.',
    'PYTHON_VERSION=2.7 is not available here (3.12, 3.13): using 3.13.0.',
    'Using Python 3.13.0',
  ]);
});

test('what is set for pip alone is said to have no effect where uv alone installs', () => {
  const set = { PIP_NO_BINARY: 'six', PIP_CONFIG_FILE: 'pip.conf', PIP_QUIET: '1' };
  const saying = (more: Record<string, string>, there: string[], text?: string) => {
    const files = new Map(there.map((path) => [path, { text }]));
    const tools = { interpreters, installer: { ...installer, uv: '/tools/uv' } };
    const environment = { ...MAIN, ...set, ...more };
    const plan = pythonRecipe(tools).plan({ kind: 'webapp', environment, files });
    assert.ok(!('reason' in plan), JSON.stringify(plan));
    return plan.notices.filter((line) => line.includes('PIP_'));
  };
  const without = (path: string) => [
    `PIP_NO_BINARY and PIP_CONFIG_FILE have no effect: uv installs what ${path} lists, and has no such settings.`,
  ];
  for (const path of ['uv.lock', 'pylock.toml', 'setup.py'])
    assert.deepEqual(saying({}, [path]), without(path));
  const project = '[project]\nname = "x"\n';
  assert.deepEqual(saying({}, ['pyproject.toml'], project), without('pyproject.toml'));
  assert.deepEqual(saying({ CC_PIP_VERSION: '25' }, ['uv.lock']), without('uv.lock'));
  assert.deepEqual(saying({ CC_PIP_VERSION: '25' }, ['pylock.toml']), []);
  const pips = ['requirements.txt', 'Pipfile'];
  for (const path of pips) assert.deepEqual(saying({}, [path]), [], path);
});

test('without any Python the operator is asked for one', () => {
  const plan = decide({}, []);
  assert.match('detail' in plan ? plan.detail : '', /ask its operator/);
});

test('a lock counts where no list is there or named, or where a command for uv is run', () => {
  const installs = (environment: Record<string, string>, there: string[]) =>
    planned(environment, there).dependencies?.install.name;
  const both = ['uv.lock', 'requirements.txt'];
  assert.equal(installs({}, ['uv.lock']), 'uv sync --locked --no-progress --no-dev');
  assert.equal(
    installs({ ENVIRONMENT: 'development' }, ['uv.lock']),
    'uv sync --locked --no-progress',
  );
  assert.equal(installs({}, both), 'uv pip install -r requirements.txt');
  assert.equal(
    installs({ CC_PIP_REQUIREMENTS_FILE: 'a.txt' }, ['uv.lock']),
    'uv pip install -r a.txt',
  );
  const CC_PYTHON_UV_RUN_COMMAND = 'uv run x';
  assert.match(installs({ CC_PYTHON_UV_RUN_COMMAND }, both) ?? '', /^uv sync/);
  const { start, toolchain } = planned({ CC_PYTHON_UV_RUN_COMMAND }, ['uv.lock']);
  assert.equal(start.command.name, 'uv run x');
  assert.deepEqual([toolchain.path.at(-1), toolchain.readOnly], ['/tools', ['/tools/uv']]);
});

const PROJECT = '[project]\nname = "x"\ndependencies = ["six"]\n';

function ofProject(
  texts: Record<string, string>,
  environment = {},
  uv: string | undefined = '/uv',
) {
  const plan = pythonRecipe({ interpreters, installer: { ...installer, uv } }).plan({
    kind: 'runner',
    environment: { ...MAIN, ...environment },
    files: new Map(Object.entries(texts).map(([path, text]) => [path, { text }])),
  });
  if ('reason' in plan) return plan.detail;
  const { dependencies } = plan;
  const [path, text] = Object.entries(texts)[0] ?? ['', ''];
  const seen = { variables: {}, home: '/home/bas/app', folder: '' };
  const found = dependencies?.references({ path, bytes: Buffer.from(text) }, seen);
  return [dependencies?.install.name, found?.reach];
}

test('what a project is installed by, and whether anything but its file is read', () => {
  const sync = 'uv sync --no-progress --no-dev';
  assert.deepEqual(ofProject({ 'pyproject.toml': PROJECT }), [sync, 'packages']);
  assert.deepEqual(ofProject({ 'pyproject.toml': `${PROJECT}[build-system]\n` }), [sync, 'tree']);
  assert.deepEqual(ofProject({ 'pyproject.toml': `${PROJECT}dynamic = []\n` }), [sync, 'tree']);
  assert.deepEqual(ofProject({ 'setup.py': 'setup()' }), ['uv pip install -e .', 'tree']);
  assert.deepEqual(ofProject({ 'setup.py': 'import x; x.run()' })[1], 'tree', 'all of its folder');
  const elsewhere = `${PROJECT}[tool.uv.sources]\nx = { path = "/opt/x" }\n`;
  assert.deepEqual(ofProject({ 'pyproject.toml': elsewhere }), [sync, 'unknown']);
  assert.deepEqual(ofProject({ Pipfile: '[packages]\nsix = "*"\n' }), [
    'pipenv install',
    'packages',
  ]);
  assert.deepEqual(ofProject({ Pipfile: '[packages]\nx = {path = "."}\n' }), [
    'pipenv install',
    'tree',
  ]);
});

test('packages of development are others', () => {
  const [name] = ofProject({ 'pyproject.toml': PROJECT }, { ENVIRONMENT: 'development' });
  assert.equal(name, 'uv sync --no-progress');
});

test('a project is pip’s where that is asked for, and pipenv’s needs uv', () => {
  const pip = 'pip 25 install -e .';
  const project = { 'pyproject.toml': `${PROJECT}[build-system]\n` };
  assert.deepEqual(ofProject(project, { CC_PIP_VERSION: '25' }), [pip, 'tree']);
  assert.match(String(ofProject({ Pipfile: '' }, { CC_PIP_VERSION: '25' })), /pipenv requirements/);
});

test('a list that the pre-build hook may write is shared with nobody', () => {
  const settingsOf = (environment: Record<string, string>) => {
    const plan = decide(environment, interpreters, ['setup.py']);
    assert.ok(!('reason' in plan));
    return plan.dependencies?.settings.find(({ name }) => name === 'requirements.txt');
  };
  const seen = { variables: {}, home: '/home/bas/app', folder: '' };
  assert.equal(settingsOf({}), undefined);
  assert.equal(settingsOf({ CC_PRE_BUILD_HOOK: 'x' })?.read('six', seen), 'unknown');
});

test('a pip of a version is taken in place of uv', () => {
  const { install } = planned({ CC_PIP_VERSION: '24' }).dependencies ?? {};
  assert.equal(install?.name, 'pip 24 install -r requirements.txt');
  const refused = decide({ CC_PIP_VERSION: 'latest; rm' });
  assert.match('detail' in refused ? refused.detail : '', /^CC_PIP_VERSION/);
});

test('of a lock, what is installed out of the tree is known as such', () => {
  const seen = { variables: {}, home: '/home/bas/app', folder: 'api' };
  const read = (text: string, path = 'api/uv.lock') =>
    readLock({ path, bytes: Buffer.from(text) }, seen);
  const reachOf = (source: string) => read(`name = "x"\nsource = ${source}\n`).reach;
  for (const source of [
    '{ editable = "." }',
    '{ directory = "libs/a" }',
    '{ path = "a.whl" }',
    '{ registry = "../wheels" }',
    '{ url = "file:///home/bas/app/a.whl" }',
    '{ registry = "https://x" }\nwheels = [\n    { path = "x.whl" },\n]',
  ])
    assert.equal(reachOf(source), 'tree', source);
  for (const source of ['{ registry = "../../x" }', '{ git = "file:///opt/x" }'])
    assert.equal(reachOf(source), 'unknown', source);
  for (const source of [
    '{ virtual = "." }',
    '{ registry = "https://x/simple" }',
    '{ git = "https://x/y?rev=main#abc" }',
    '{ registry = "https://x" }\nwheels = [\n    { url = "https://x/y.whl", hash = "z" },\n]',
  ])
    assert.equal(reachOf(source), 'packages', source);
  assert.deepEqual(read('').files, ['api/pyproject.toml']);
  assert.deepEqual(read('', 'api/pyproject.toml').files, []);
});
