import type { Dependencies } from '../../recipe.ts';
import { forgetBuilt } from './built-packages.ts';
import { installCommand } from './install-command.ts';
import type { Order, Tools } from './install-command.ts';
import type { Installer } from './installer.ts';
import { readReferences } from './requirements.ts';
import { DECIDED_BY, UV_SETTINGS, readVariables } from './settings.ts';

/** What a list of pip's lists, in a virtual environment: by uv, or by pip where that is asked for or alone can. */
export const requirementsOf = (
  file: Pick<Dependencies, 'path' | 'namedBy'>,
  tools: Tools & { installer: Installer },
  how: Pick<Order, 'pip' | 'pipAlone'>,
): Dependencies => ({
  ...file,
  install: installCommand(nameOf(file.path, tools, how), tools, { kind: 'list', ...file, ...how }),
  variables: tools.installer.settings,
  readOnly: tools.installer.readOnly,
  forget: (seen) => forgetBuilt(tools.installer.uv, seen),
  provides: ENVIRONMENT,
  references: readReferences,
  settings: UV_SETTINGS,
  decidedBy: DECIDED_BY,
  drawnIn: readVariables,
});

function nameOf(path: string, { installer }: Tools, { pip }: Pick<Order, 'pip'>): string {
  const installs = installer.uv === undefined || pip !== undefined ? 'pip' : 'uv pip';
  return `${installs}${pip === undefined ? '' : ` ${pip}`} install -r ${path}`;
}

/** Where packages are, once they are installed. */
export const ENVIRONMENT: Dependencies['provides'] = {
  path: ['/opt/env/bin'],
  variables: { VIRTUAL_ENV: '/opt/env' },
};
