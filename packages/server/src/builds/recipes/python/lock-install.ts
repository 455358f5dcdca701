import { posix } from 'node:path';
import type { Dependencies, Failure, References } from '../../recipe.ts';
import type { Installer } from './installer.ts';
import type { Interpreter } from './interpreters.ts';
import { ENVIRONMENT, NAMES_FILES } from './requirements-install.ts';

export const LOCK = 'uv.lock';

/** What `uv.lock` lists, exactly; for development with what only its authors need. */
export function lockedPackages(
  { isDevelopment }: { isDevelopment: boolean },
  { interpreter, installer }: { interpreter: Interpreter; installer: Installer },
): Dependencies | Failure {
  const { uv, settings, readOnly } = installer;
  if (uv === undefined) return NO_UV;
  const options = ['--locked', '--no-progress', ...(isDevelopment ? [] : ['--no-dev'])];
  return {
    path: LOCK,
    namedBy: undefined,
    install: {
      name: `uv sync ${options.join(' ')}`,
      argv: ['/bin/sh', '-c', SYNC, 'install', uv, interpreter.path, ...options],
    },
    variables: settings,
    readOnly,
    provides: ENVIRONMENT,
    references: readLock,
    settings: [{ name: 'uv.toml', counts: () => true }],
    decidedBy: /^UV_/,
    namesFiles: NAMES_FILES,
  };
}

const SYNC =
  'uv=$1 python=$2; shift 2; unset UV_NO_SYNC; export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1; "$uv" venv --quiet --allow-existing --python "$python" /opt/env && exec "$uv" sync --python "$python" "$@"';

const NO_UV: Failure = {
  reason: 'missing_program',
  detail:
    'uv.lock needs uv, which this machine could not install: ask its operator, or list the packages in requirements.txt.',
};

/** The lock stands beside the project that it is of; packages with these sources are folders and files of the tree. */
export const readLock = (path: string, text: string): References => ({
  files: posix.basename(path) === LOCK ? [posix.join(posix.dirname(path), 'pyproject.toml')] : [],
  local: /^source = \{ (editable|directory|path) = /m.test(text),
  variables: [],
});
