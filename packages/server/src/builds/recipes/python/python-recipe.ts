import type { Failure, Recipe, RecipePlan, Toolchain } from '../../recipe.ts';
import { insideTree } from '../../values.ts';
import { choosePython } from './choose-python.ts';
import type { Installer } from './installer.ts';
import type { Interpreter } from './interpreters.ts';
import { planStart } from './plan-start.ts';
import { requirementsOf } from './requirements-install.ts';
import { pythonVariables } from './variables.ts';

type Tools = { interpreters: readonly Interpreter[]; installer: Installer };

/** Python files and scripts, with what `requirements.txt` asks for. */
export const pythonRecipe = (tools: Tools): Recipe => ({
  version: 'python/2',
  variables: pythonVariables,
  wants: () => [],
  plan: ({ environment }) => plan(tools, environment),
});

function plan(
  { interpreters, installer }: Tools,
  environment: Readonly<Record<string, string>>,
): RecipePlan | Failure {
  const start = planStart(environment);
  if ('reason' in start) return start;
  const named = environment['CC_PIP_REQUIREMENTS_FILE']?.trim() ?? '';
  const path = insideTree('CC_PIP_REQUIREMENTS_FILE', named || 'requirements.txt');
  if (typeof path !== 'string') return path;
  const python = choosePython(environment, interpreters);
  if (python === undefined) return { reason: 'invalid_variable', detail: NO_PYTHON };
  const { ignored, ...chosen } = start;
  const goal = environment['PYTHON_SETUP_PY_GOAL']?.trim() ?? '';
  return {
    toolchain: toolchainOf(python.interpreter),
    dependencies: requirementsOf(
      { path, namedBy: named === '' ? undefined : 'CC_PIP_REQUIREMENTS_FILE' },
      { interpreter: python.interpreter, installer },
    ),
    build: goal === '' ? undefined : setup(goal),
    start: chosen,
    notices: [
      ...(ignored.length > 0 ? [`${start.setting} wins over ${ignored.join(' and ')}.`] : []),
      ...(python.warning === undefined ? [] : [python.warning]),
      `Using Python ${python.interpreter.version.join('.')}`,
    ],
  };
}

const NO_PYTHON =
  'No Python 3.8 or newer answers on this machine: ask its operator to install one.';

const toolchainOf = ({ folder, readOnly, digest }: Interpreter): Toolchain => ({
  path: [folder],
  variables: { PYTHONUNBUFFERED: '1' },
  readOnly,
  digest,
});

/** The one goal of `setup.py` that an application may ask for. */
const setup = (goal: string): RecipePlan['build'] => ({
  name: `PYTHON_SETUP_PY_GOAL=${goal}`,
  command: { name: `setup.py ${goal}`, argv: ['python', 'setup.py', ...goal.split(/\s+/)] },
});
