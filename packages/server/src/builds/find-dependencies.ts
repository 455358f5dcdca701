import type { Clock } from '../lib/clock.ts';
import { resolveBeneath } from '../lib/resolve-beneath.ts';
import type { DataPaths } from '../paths.ts';
import { programVariables } from './build-setup.ts';
import type { BuildSetup } from './build-setup.ts';
import { leadsOut } from './check-start.ts';
import { readDecision, writeDecision } from './decision.ts';
import { dependencyKeys } from './keys.ts';
import type { Audience, DependencyKey, DependencyKeys } from './keys.ts';
import { homeOf } from './platform-variables.ts';
import { putAway, take } from './put-away.ts';
import { readManifest } from './read-manifest.ts';
import { readFact } from './read-tree.ts';
import { RAN_NO_CODE } from './recipe.ts';
import type { Dependencies, Failure, Manifest, Seen } from './recipe.ts';
import { seenByCommands } from './seen-variables.ts';

type FindDeps = {
  paths: DataPaths;
  clock: Clock;
  /** The newest dependencies that were installed for this key, or undefined. */
  findDependencies(key: string): Promise<string | undefined>;
};

/** What the artifact is made with; no key where no dependencies are wanted. */
export type Installed = {
  key: string | undefined;
  audience: Audience;
  /** False: there is nothing in them but what programs of the build may add. */
  listed: boolean;
};

/** Of a tree that lacks something nobody knows what is installed out of it. */
const UNKNOWN = 'unknown' as const;

const NONE: Installed = { key: undefined, audience: '', listed: false };

/**
 * The sealed dependencies, or what is to be installed first. What is decided on them is written down: from then on
 * steps may change the lists.
 */
export async function installedDependencies(
  deps: FindDeps,
  setup: BuildSetup,
  isInstalled: boolean,
): Promise<Installed | { install: Dependencies } | Failure> {
  const { dependencies } = setup.plan;
  if (dependencies === undefined) return NONE;
  const known = await readDecision<Decided>(setup.dependencies);
  const decided = known ?? (await findDependencies(deps, setup, dependencies));
  if ('reason' in decided) return decided;
  if (known === undefined) await writeDecision(setup.dependencies, decided);
  if (!('made' in decided)) return putInPlace(deps, setup, decided);
  if (!isInstalled) return { install: dependencies };
  const { made, listed } = decided;
  await using mark = await resolveBeneath(setup.staging, RAN_NO_CODE);
  const installed = { ...(mark.is === 'there' ? made.withoutCode : made.byCode), listed };
  await writeDecision(setup.dependencies, installed);
  return await putInPlace(deps, setup, installed);
}

/** The key of the dependencies that a step which was begun sees sealed. */
export async function seenDependencies(
  deps: FindDeps,
  setup: BuildSetup,
): Promise<string | undefined> {
  const { dependencies } = setup.plan;
  if (dependencies === undefined) return undefined;
  const decided =
    (await readDecision<Decided>(setup.dependencies)) ??
    (await findDependencies(deps, setup, dependencies));
  if ('reason' in decided) throw new Error(decided.detail);
  return 'made' in decided ? undefined : decided.key;
}

/** Another build may have installed the same meanwhile. */
async function putInPlace(
  { clock, paths }: FindDeps,
  { staging }: BuildSetup,
  installed: Installed,
): Promise<Installed> {
  if (installed.key === undefined) return installed;
  const sealed = paths.dependencies(installed.key);
  if (!(await take(clock, sealed))) await putAway(clock, { made: staging, sealed });
  return installed;
}

/** What is installed has one of these keys, once it is. */
type Ordered = Pick<DependencyKeys, 'made'> & Pick<Installed, 'listed'>;

type Decided = Installed | Ordered;

/** The sealed dependencies where they are there, else the keys that they may get. */
async function findDependencies(
  deps: FindDeps,
  { input, plan, tree, isWhole }: BuildSetup,
  dependencies: Dependencies,
): Promise<Decided | Failure> {
  const { namedBy, path } = dependencies;
  const named = namedBy === undefined ? path : `${namedBy}=${path}`;
  if ((await readFact(tree, plan.folder, path)).kind === 'outside') return leadsOut(named);
  const seen = seenByInstaller(input, plan, dependencies);
  const found = await readManifest(tree, dependencies, { seen, user: input.environment });
  const listed = found !== undefined;
  if (!listed && namedBy !== undefined) return noFile(named);
  if (!listed && plan.hooks.after === undefined) return NONE;
  const read = found ?? NOTHING_LISTED;
  const manifest = isWhole || read.reach === 'packages' ? read : { ...read, reach: UNKNOWN };
  const keys = dependencyKeys(input, plan, { dependencies, manifest, seen });
  const { taken, made } = input.useCache ? keys : afresh(keys, input.deploymentId);
  for (const { key, audience } of taken) {
    const known = input.useCache ? [await deps.findDependencies(key), key] : [key];
    for (const one of known)
      if (one !== undefined && (await take(deps.clock, deps.paths.dependencies(one))))
        return { key: one, audience, listed };
  }
  return { made, listed };
}

/** A hook may add packages where none are listed. */
const NOTHING_LISTED: Manifest = { digest: 'nothing listed', reach: 'packages', variables: [] };

/** Found by the same keys later on, for they have something behind them. */
function afresh({ taken, made }: DependencyKeys, deploymentId: string): DependencyKeys {
  const own = ({ key, audience }: DependencyKey): DependencyKey => ({
    key: `${key}.${deploymentId.slice(-12)}`,
    audience,
  });
  return {
    taken: taken.map(own),
    made: { byCode: own(made.byCode), withoutCode: own(made.withoutCode) },
  };
}

const seenByInstaller = (
  input: BuildSetup['input'],
  plan: BuildSetup['plan'],
  { variables }: Dependencies,
): Seen => ({
  variables: seenByCommands(input, plan, {
    ...programVariables(plan, { withDependencies: true }),
    ...variables,
  }),
  home: homeOf(input.applicationId),
  folder: plan.folder,
});

const noFile = (named: string): Failure => ({
  reason: 'missing_file',
  detail: `${named}: there is no such file in the repository.`,
});
