import type { Command } from '../engines/engine.ts';

type Variables = Readonly<Record<string, string>>;

/** A hook is a shell line, or the path of an executable script: the sandbox's own shell runs both. */
export const shellCommand = (name: string, line: string): Command => ({
  name,
  argv: ['/bin/sh', '-c', LOGIN_SHELL, name, line],
});

/** A login shell's /etc/profile sets a path of its own, without the application's Python. */
const LOGIN_SHELL =
  'GRID_PATH=$PATH exec /bin/bash -l -c \'PATH=$GRID_PATH; unset GRID_PATH; eval "$1"\' "$0" "$1"';

const hook = (variables: Variables, name: string): Command | undefined => {
  const line = variables[name]?.trim() ?? '';
  return line === '' ? undefined : shellCommand(name, line);
};

/** What runs around an instance's command, each time it starts. */
export function runHooks(variables: Variables): {
  before: readonly Command[];
  after: { succeeded?: Command; failed?: Command };
} {
  const before = hook(variables, 'CC_PRE_RUN_HOOK');
  const succeeded = hook(variables, 'CC_RUN_SUCCEEDED_HOOK');
  const failed = hook(variables, 'CC_RUN_FAILED_HOOK');
  return {
    before: before === undefined ? [] : [before],
    after: { ...(succeeded && { succeeded }), ...(failed && { failed }) },
  };
}

/** What runs around the installation of dependencies. */
export const buildHooks = (variables: Variables) => ({
  before: hook(variables, 'CC_PRE_BUILD_HOOK'),
  after: hook(variables, 'CC_POST_BUILD_HOOK'),
});
