import type { Command, InstanceFiles } from '../engines/engine.ts';
import type { DataPaths } from '../paths.ts';
import { pythonVariables } from './build-site.ts';
import type { Site } from './build-site.ts';
import type { BuildStep } from './build.ts';
import type { Installer } from './installer.ts';
import { buildVariables, homeOf } from './platform-variables.ts';
import type { Requirements } from './read-tree.ts';

type Deps = { paths: DataPaths; installer: Installer };

/** Variables whose values are no secrets worth hiding, though they are long. */
const PLAIN = /^(CC_MLPYTHON_|CC_RUN_COMMAND|CC_.*_HOOK|APP_|PATH$|PYTHON|CC_PIP|CC_HEALTH)/;

function step(
  deps: Deps,
  site: Site,
  rest: {
    number: number;
    command: Command;
    environmentKey?: string | undefined;
    installs?: boolean;
  },
): BuildStep {
  const { input, plan } = site;
  const { number, command, environmentKey: key, installs } = rest;
  const home = homeOf(input.applicationId);
  const venv = installs === true || key !== undefined ? '/opt/env' : undefined;
  const application = { ...input, id: input.applicationId, name: input.applicationName };
  return {
    number,
    name: command.name,
    command,
    files: files(deps, site, { key, installs: installs ?? false }),
    workingDirectory: plan.folder === '' ? home : `${home}/${plan.folder}`,
    environment: {
      ...pythonVariables(plan, venv),
      ...(installs === true ? deps.installer.settings : {}),
      ...buildVariables({
        user: input.environment,
        application,
        deployment: { id: input.deploymentId, commitId: input.commitId },
      }),
      PATH: pythonVariables(plan, venv)['PATH'] ?? '',
    },
    masked: Object.entries(input.environment)
      .filter(([name, value]) => value.length >= 8 && !PLAIN.test(name))
      .map(([, value]) => value),
  };
}

const files = (
  { paths, installer }: Deps,
  { input, plan, tree, staging }: Site,
  { key, installs }: { key: string | undefined; installs: boolean },
): InstanceFiles => ({
  application: { source: tree, mountedAt: homeOf(input.applicationId), access: 'writable' },
  environment: installs
    ? { source: staging, access: 'writable' }
    : key === undefined
      ? undefined
      : { source: paths.environment(key), access: 'read-only' },
  cache: { source: paths.cache(input.ownerId, input.applicationId) },
  readOnly: [...plan.interpreter.readOnly, ...(installs ? installer.readOnly : [])],
});

export const hookStep = (
  deps: Deps,
  site: Site,
  rest: { number: number; command: Command; environment?: string | undefined },
): BuildStep => step(deps, site, { ...rest, environmentKey: rest.environment });

/** Makes the virtual environment and installs into it, in one go. */
export function dependenciesStep(
  deps: Deps,
  site: Site,
  { number, requirements }: { number: number; requirements: Requirements },
): BuildStep {
  const python = site.plan.interpreter.path;
  const { uv } = deps.installer;
  const script =
    uv === undefined
      ? '"$1" -m venv --clear /opt/env && exec /opt/env/bin/python -m pip install -r "$2"'
      : '"$3" venv --quiet --allow-existing --python "$1" /opt/env && exec "$3" pip install --compile-bytecode --link-mode copy --python /opt/env/bin/python -r "$2"';
  const name = `${uv === undefined ? 'pip' : 'uv pip'} install -r ${requirements.path}`;
  const argv = ['/bin/sh', '-c', script, 'install', python, requirements.path, uv ?? ''] as const;
  return step(deps, site, { number, command: { name, argv: [...argv] }, installs: true });
}

/** The one goal of `setup.py` that an application may ask for. */
export const setupStep = (
  deps: Deps,
  site: Site,
  { number, goal, environment }: { number: number; goal: string; environment: string | undefined },
): BuildStep =>
  step(deps, site, {
    number,
    command: { name: `setup.py ${goal}`, argv: ['python', 'setup.py', ...goal.split(/\s+/)] },
    environmentKey: environment,
  });
