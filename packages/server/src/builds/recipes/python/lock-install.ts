import { posix } from 'node:path';
import { farthest } from '../../reach.ts';
import type { Reach } from '../../reach.ts';
import type { Dependencies, Failure, ListFile, References, Seen } from '../../recipe.ts';
import { FORGET_BUILT, TELL_BUILT } from './built-packages.ts';
import type { Installer } from './installer.ts';
import type { Interpreter } from './interpreters.ts';
import { REACH, placeOf } from './place-of.ts';
import { ENVIRONMENT } from './requirements-install.ts';
import { DECIDED_BY, UV_SETTINGS, readVariables } from './settings.ts';

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
    settings: [...UV_SETTINGS, { name: LOCK, read: (text, seen) => reachOfLock(text, '', seen) }],
    decidedBy: DECIDED_BY,
    drawnIn: readVariables,
  };
}

const SYNC = `uv=$1 python=$2; shift 2
${FORGET_BUILT}unset UV_NO_SYNC; export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
"$uv" venv --quiet --allow-existing --python "$python" /opt/env || exit
"$uv" sync --python "$python" "$@" || exit
${TELL_BUILT}`;

const NO_UV: Failure = {
  reason: 'missing_program',
  detail:
    'uv.lock needs uv, which this machine could not install: ask its operator, or list the packages in requirements.txt.',
};

/** The lock stands beside the project that it is of, whose members are folders of the tree. */
export function readLock({ path, bytes }: ListFile, seen: Seen): References {
  const nothing: References = { files: [], reach: 'packages', variables: [] };
  if (posix.basename(path) !== LOCK) return nothing;
  const folder = posix.dirname(path);
  const reach = reachOfLock(bytes.toString('utf8'), folder, seen);
  return { ...nothing, files: [posix.join(folder, 'pyproject.toml')], reach };
}

const SOURCE = /\b(editable|directory|path|registry|url|git)\s*=\s*"((?:[^"\\]|\\.)*)"/g;

/** Where packages come from. One that is virtual is nothing but what it depends on. */
function reachOfLock(text: string, folder: string, seen: Seen): Reach {
  const found = new Set<Reach>(['packages']);
  for (const [, , value = ''] of text.matchAll(SOURCE))
    found.add(REACH[placeOf(value, folder, seen).is]);
  return farthest([...found]);
}
