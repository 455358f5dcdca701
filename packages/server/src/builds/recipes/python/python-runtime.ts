import type { Finding } from '../../../lib/finding.ts';
import type { RuntimeEntry } from '../runtime-entry.ts';
import { bringInstaller } from './installer.ts';
import { findInterpreters, nameInterpreters } from './interpreters.ts';
import { pythonRecipe } from './python-recipe.ts';
import { pythonVariables } from './variables.ts';

export const pythonRuntime: RuntimeEntry = {
  title: 'Python',
  type: 'ml_python',
  version: '20190626',
  deployType: 'ml_python',
  ids: {
    runner: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a03',
    webapp: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a04',
  },
  presets: { runner: {}, webapp: { PORT: '8080' } },
  servesOn: 'port 8080',
  variables: pythonVariables,
  async open({ paths, ...machine }) {
    const [interpreters, installer] = await Promise.all([
      findInterpreters().then((found) => nameInterpreters(found, paths.tools)),
      bringInstaller({ tools: paths.tools, ...machine }),
    ]);
    return pythonRecipe({ interpreters, installer });
  },
  diagnose: (_environment, findProgram) =>
    Promise.all([
      findPythons(),
      findProgram('python3', ['-m', 'pip', '--version'], {
        need: 'missing',
        cost: 'dependencies cannot be installed',
        mend: 'apt-get install python3-pip python3-venv',
      }),
    ]),
};

async function findPythons(): Promise<Finding> {
  const versions = (await findInterpreters()).map(({ version }) => version.join('.')).toSorted();
  return versions.length > 0
    ? { what: 'Python', state: 'ok', detail: versions.join(', ') }
    : {
        what: 'Python',
        state: 'missing',
        detail: 'none answers: nothing can be run',
        mend: 'apt-get install python3',
      };
}
