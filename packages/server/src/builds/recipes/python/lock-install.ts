import { posix } from 'node:path';
import { farthest } from '../../reach.ts';
import type { Reach } from '../../reach.ts';
import type { Dependencies, Failure, ListFile, References, Seen } from '../../recipe.ts';
import { LOCK } from './choose-packages.ts';
import { forgetBuilt } from './built-packages.ts';
import { installCommand } from './install-command.ts';
import type { Tools } from './install-command.ts';
import type { Installer } from './installer.ts';
import { REACH, placeOf } from './place-of.ts';
import { ENVIRONMENT } from './requirements-install.ts';
import { DECIDED_BY, UV_SETTINGS, readVariables } from './settings.ts';

/** What `uv.lock` lists, exactly; for development with what only its authors need. */
export function lockedPackages(
  { isDevelopment }: { isDevelopment: boolean },
  tools: Tools & { installer: Installer },
): Dependencies | Failure {
  const { uv, settings, readOnly } = tools.installer;
  if (uv === undefined) return NO_UV;
  const options = ['--locked', '--no-progress', ...(isDevelopment ? [] : ['--no-dev'])];
  return {
    path: LOCK,
    namedBy: undefined,
    install: installCommand(`uv sync ${options.join(' ')}`, tools, {
      kind: 'sync',
      path: LOCK,
      words: options,
    }),
    variables: settings,
    readOnly,
    forget: (seen) => forgetBuilt(uv, seen),
    provides: ENVIRONMENT,
    references: readLock,
    settings: [...UV_SETTINGS, LOCK_ABOVE],
    decidedBy: DECIDED_BY,
    drawnIn: readVariables,
  };
}

/** The lock of a workspace, in which the folder may be a member. */
export const LOCK_ABOVE: Dependencies['settings'][number] = {
  name: LOCK,
  read: (text, seen) => reachOfLock(text, '', seen),
};

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
