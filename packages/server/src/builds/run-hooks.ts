import type { Command } from '../workloads/engine.ts';

type Variables = Readonly<Record<string, string>>;

/** A hook is a shell line, or the path of an executable script: the instance's own shell runs both. */
export const shellCommand = (name: string, line: string): Command => ({
  name,
  argv: ['/bin/bash', '-l', '-c', line, name],
});

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

/** Left in a Webapp's instance once it is known to serve, or not to. */
const JUDGED = '/tmp/.grid-judged';

/** Leaves the mark by which `ifNeverJudged` tells how far an instance came. */
export const markJudged = ['/bin/sh', '-c', `: >${JUDGED}`] as const;

/** A Webapp that ends while it serves did start: its hook is not run. */
export const ifNeverJudged = ({ name, argv }: Command): Command => ({
  name,
  argv: ['/bin/sh', '-c', `[ -e ${JUDGED} ] || exec "$@"`, name, ...argv],
});

/** What runs around the installation of dependencies. */
export const buildHooks = (variables: Variables) => ({
  before: hook(variables, 'CC_PRE_BUILD_HOOK'),
  after: hook(variables, 'CC_POST_BUILD_HOOK'),
});
