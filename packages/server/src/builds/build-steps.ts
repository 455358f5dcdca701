import type { InstanceFiles, Work } from '../workloads/engine.ts';
import type { DataPaths } from '../paths.ts';
import { programVariables } from './build-setup.ts';
import type { BuildSetup } from './build-setup.ts';
import type { BuildStep } from './build.ts';
import { buildVariables, homeOf, withoutHost } from './platform-variables.ts';
import type { Dependencies } from './recipe.ts';

type Order = {
  number: number;
  command: Work;
  /** The key of the sealed dependencies that it sees. */
  environment?: string | undefined;
  /** What it installs into /opt/env. */
  installs?: Dependencies;
};

/** A command of the user's, or of the recipe's, with what is installed so far; or an image of the tree. */
export function commandStep(
  paths: DataPaths,
  setup: BuildSetup,
  { number, command, environment: key, installs }: Order,
): BuildStep {
  const { input, plan } = setup;
  const home = homeOf(input.applicationId);
  const programs = programVariables(plan, {
    withDependencies: key !== undefined || installs !== undefined,
  });
  const makesImage = 'makes' in command;
  const prepared = [...plan.prepare, ...(plan.cached === undefined ? [] : [plan.cached.link])];
  const variables = buildVariables({
    programs: { ...programs, ...installs?.variables },
    user: input.environment,
    application: { ...input, id: input.applicationId, name: input.applicationName },
    deployment: { id: input.deploymentId, commitId: input.commitId },
  });
  return {
    number,
    name: command.name,
    before: makesImage ? [] : prepared,
    command,
    files: files(paths, setup, { key, installs }),
    workingDirectory: plan.folder === '' ? home : `${home}/${plan.folder}`,
    environment: makesImage ? withoutHost(variables, programs, input.environment) : variables,
    masked: plan.masked,
  };
}

const files = (
  paths: DataPaths,
  { input, plan, tree, staging }: BuildSetup,
  { key, installs }: { key: string | undefined; installs: Dependencies | undefined },
): InstanceFiles => ({
  application: { source: tree, mountedAt: homeOf(input.applicationId), access: 'writable' },
  environment:
    installs !== undefined
      ? { source: staging, access: 'writable' }
      : key === undefined
        ? undefined
        : { source: paths.dependencies(key), access: 'read-only' },
  cache: { source: paths.cache(input.ownerId, input.applicationId) },
  readOnly: [...plan.toolchain.readOnly, ...(installs?.readOnly ?? [])],
});
