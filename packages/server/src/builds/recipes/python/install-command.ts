import { readFileSync } from 'node:fs';
import type { Command } from '../../../workloads/engine.ts';
import { RAN_NO_CODE } from '../../recipe.ts';
import { TELL_BUILT } from './built-packages.ts';
import type { Installer } from './installer.ts';
import type { Interpreter } from './interpreters.ts';

export type Tools = { interpreter: Interpreter; installer: Pick<Installer, 'uv'> };

/** What is to be installed; its kinds are those of the program. */
export type Order = {
  kind: 'list' | 'folder' | 'sync' | 'pipenv';
  /** The file without which nothing is. */
  path: string;
  /** The version of pip that is asked for. */
  pip?: string | undefined;
  /** Settings that uv has no word for. */
  pipAlone?: readonly string[];
  /** A list that is installed in place of the file, where the pre-build hook made one. */
  instead?: string;
  /** Options of the program that installs. */
  words?: readonly string[];
};

/** Makes the environment and installs into it, by a program that runs in the sandbox. */
export function installCommand(
  name: string,
  { interpreter, installer }: Tools,
  order: Order,
): Command {
  const uv = installer.uv ?? '';
  const { pip = '', pipAlone = [], words = [], instead = '' } = order;
  const told = { ...order, pip, pipAlone, words, instead, uv, python: interpreter.path };
  const given = JSON.stringify({ place: '/opt/env', ...told });
  return {
    name,
    argv: ['/bin/sh', '-c', INSTALL, 'install', uv, interpreter.path, PROGRAM, given],
  };
}

const PROGRAM = readFileSync(new URL('install_packages.py', import.meta.url), 'utf8');

/** 100: something else than uv installed, and what code ran nobody can tell. */
const INSTALL = `uv=$1
"$2" -I -c "$3" "$4"
code=$?
case $code in
  0) [ -n "$uv" ] || exit 0;;
  100) exec rm -f /opt/env/${RAN_NO_CODE};;
  *) exit $code;;
esac
${TELL_BUILT}`;
