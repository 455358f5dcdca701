import type { Command } from '../../../workloads/engine.ts';
import type { Dependencies } from '../../recipe.ts';
import type { Installer } from './installer.ts';
import type { Interpreter } from './interpreters.ts';
import { FORGET_BUILT, TELL_BUILT } from './built-packages.ts';
import { readReferences } from './requirements.ts';
import { DECIDED_BY, UV_SETTINGS, readVariables } from './settings.ts';

type Tools = { interpreter: Interpreter; installer: Installer };

/** What `requirements.txt` lists, in a virtual environment; with pip where its version is asked for. */
export const requirementsOf = (
  file: Pick<Dependencies, 'path' | 'namedBy'>,
  { interpreter, installer }: Tools,
  pip?: string,
): Dependencies => ({
  ...file,
  install:
    installer.uv === undefined || pip !== undefined
      ? command(`pip${pip === undefined ? '' : ` ${pip}`}`, WITH_PIP, [
          interpreter.path,
          file.path,
          pip ?? '',
        ])
      : command('uv pip', WITH_UV, [interpreter.path, file.path, installer.uv]),
  variables: installer.settings,
  readOnly: installer.readOnly,
  provides: ENVIRONMENT,
  references: readReferences,
  settings: UV_SETTINGS,
  decidedBy: DECIDED_BY,
  drawnIn: readVariables,
});

/** Where packages are, once they are installed. */
export const ENVIRONMENT: Dependencies['provides'] = {
  path: ['/opt/env/bin'],
  variables: { VIRTUAL_ENV: '/opt/env' },
};

const command = (name: string, script: string, words: [string, string, string]): Command => ({
  name: `${name} install -r ${words[1]}`,
  argv: ['/bin/sh', '-c', script, 'install', ...words],
});

const WITH_PIP = `uv=
${FORGET_BUILT}"$1" -m venv --clear /opt/env || exit
[ -z "$3" ] || /opt/env/bin/python -m pip install --quiet "pip==$3.*" || exit
exec /opt/env/bin/python -m pip install -r "$2"`;
const WITH_UV = `uv=$3
${FORGET_BUILT}"$uv" venv --quiet --allow-existing --python "$1" /opt/env || exit
"$uv" pip install --compile-bytecode --link-mode copy --python /opt/env/bin/python -r "$2" || exit
${TELL_BUILT}`;
