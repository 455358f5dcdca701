import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Interpreter } from './interpreters.ts';
import { pythonRecipe } from './python-recipe.ts';

const interpreters: Interpreter[] = [
  { version: [3, 12, 1], path: '/p', folder: '/bin', digest: 'twelve', readOnly: [] },
  { version: [3, 13, 0], path: '/q', folder: '/bin', digest: 'thirteen', readOnly: [] },
];
const installer = { uv: undefined, settings: {}, readOnly: [] };
const MAIN = { CC_MLPYTHON_RUN_MAIN: 'main.py' };

const decide = (environment: Record<string, string>, found = interpreters) =>
  pythonRecipe({ interpreters: found, installer }).plan({
    kind: 'webapp',
    environment: { ...MAIN, ...environment },
    files: new Map(),
  });

function planned(environment: Record<string, string> = {}) {
  const plan = decide(environment);
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

test('without any Python the operator is asked for one', () => {
  const plan = decide({}, []);
  assert.match('detail' in plan ? plan.detail : '', /ask its operator/);
});
