import { posix } from 'node:path';
import type { Command } from '../../../workloads/engine.ts';
import type { Failure, Start, Variables } from '../../recipe.ts';
import { shellCommand } from '../../run-hooks.ts';

type CommandStart = Start & { command: Command };

/** The strongest first. */
const STARTS = [
  'CC_RUN_COMMAND',
  'CC_PYTHON_UV_RUN_COMMAND',
  'CC_MLPYTHON_START_SCRIPT',
  'CC_MLPYTHON_RUN_MAIN',
] as const;

/** Which of the variables decides, and what it starts; those it wins over are named. */
export function planStart(variables: Variables): (CommandStart & { ignored: string[] }) | Failure {
  const [winner, ...ignored] = STARTS.filter((name) => (variables[name]?.trim() ?? '') !== '');
  if (winner === undefined)
    return {
      reason: 'missing_start',
      detail: `Nothing says what to start: set ${STARTS.slice(2).toReversed().join(' (a Python file), ')} (an executable script) or CC_RUN_COMMAND (a command line).`,
    };
  const start = startBy(winner, variables[winner]?.trim() ?? '');
  return 'reason' in start ? start : { ...start, ignored };
}

function startBy(variable: (typeof STARTS)[number], value: string): CommandStart | Failure {
  if (variable === 'CC_RUN_COMMAND' || variable === 'CC_PYTHON_UV_RUN_COMMAND')
    return { setting: variable, command: shellCommand(value, value), file: undefined };
  const path = posix.normalize(value);
  if (path.startsWith('/') || path === '..' || path.startsWith('../') || value.includes('\0'))
    return {
      reason: 'invalid_variable',
      detail: `${variable}=${value}: the path must be relative to the root of the repository and stay inside it.`,
    };
  const executable = variable === 'CC_MLPYTHON_START_SCRIPT';
  const command: Command = executable
    ? { name: path, argv: ['/bin/sh', '-c', RUN_SCRIPT, `./${path}`] }
    : { name: path, argv: ['python', '-u', path] };
  return { setting: variable, command, file: { path, executable } };
}

/** Its shebang decides; a script without one is bash's. */
const RUN_SCRIPT =
  'read -r first <"$0"; case $first in "#!"*) exec "$0";; *) exec /bin/bash "$0";; esac';
