import type { InstanceFiles, Work } from '../workloads/engine.ts';
import type { DataPaths } from '../paths.ts';
import { programVariables } from './build-setup.ts';
import type { BuildSetup } from './build-setup.ts';
import type { BuildStep } from './build.ts';
import { copyDependencies, keepingDependencies } from './keep-dependencies.ts';
import { addsToDependencies } from './own-dependencies.ts';
import { STEP } from './describe-broken.ts';
import { audiencesOf } from './keys.ts';
import { homeOf, withoutHost } from './platform-variables.ts';
import type { Dependencies } from './recipe.ts';
import { seenByCommands, seenByImage } from './seen-variables.ts';

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
  // what it fetches may be what makes the application's folder
  const isOfRoot = number === STEP.fetch;
  const adding = key !== undefined && addsToDependencies(number) ? plan.dependencies : undefined;
  const base = key !== undefined && adding !== undefined ? paths.dependencies(key) : undefined;
  const all = { ...programs, ...(installs ?? adding)?.variables };
  const variables = makesImage ? seenByImage(input, all) : seenByCommands(input, plan, all);
  const prepared = [
    ...plan.prepare,
    ...(plan.cached === undefined ? [] : [plan.cached.link]),
    ...(plan.dependencies !== undefined && BUILDING.has(number)
      ? [plan.dependencies.forget(audiencesOf(input, plan).always)]
      : []),
    ...(base === undefined ? [] : [copyDependencies(base)]),
  ];
  return {
    number,
    name: command.name,
    before: makesImage ? [] : prepared,
    command: base === undefined ? command : keepingDependencies(command, base),
    files: files(paths, setup, { key, installs, adding }),
    workingDirectory: plan.folder === '' || isOfRoot ? home : `${home}/${plan.folder}`,
    environment: makesImage ? withoutHost(variables, programs, input.environment) : variables,
    masked: plan.masked,
  };
}

/** The steps whose commands may build packages, in the cache that the next ones take them from. */
const BUILDING: ReadonlySet<number> = new Set([
  STEP.before,
  STEP.dependencies,
  STEP.build,
  STEP.after,
]);

/** The dependencies that a step sees sealed, those that it installs, or those that it may add to. */
type Seen = {
  key: string | undefined;
  installs: Dependencies | undefined;
  adding: Dependencies | undefined;
};

const files = (
  paths: DataPaths,
  { input, plan, tree, staging, copy }: BuildSetup,
  { key, installs, adding }: Seen,
): InstanceFiles => ({
  application: { source: tree, mountedAt: homeOf(input.applicationId), access: 'writable' },
  environment:
    installs !== undefined
      ? { source: staging, access: 'writable' }
      : key === undefined
        ? undefined
        : adding === undefined
          ? { source: paths.dependencies(key), access: 'read-only' }
          : { source: copy, access: 'writable', base: paths.dependencies(key) },
  cache: { source: paths.cache(input.ownerId, input.applicationId) },
  readOnly: [
    ...plan.toolchain.readOnly,
    ...((installs ?? adding)?.readOnly ?? []),
    ...(key === undefined || adding === undefined ? [] : [paths.dependencies(key)]),
  ],
});
