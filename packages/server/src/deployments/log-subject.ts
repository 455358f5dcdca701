import type { Clock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import { know, learn } from '../logs/known-sources.ts';
import type { KnownSources } from '../logs/known-sources.ts';
import type { Source } from '../logs/log.ts';
import { sourceOfInstance, sourceOfPlatform } from '../logs/source-of.ts';
import { isSameEnd } from '../logs/log-subject.ts';
import type { Settled, Stand, LogSubject } from '../logs/log-subject.ts';
import type { DataPaths } from '../paths.ts';
import { listLogged } from '../runs/logged-instance-store.ts';
import type { LoggedInstance } from '../runs/logged-instance-store.ts';
import type { Reader } from '../store/database.ts';
import { isFinal, isSettled } from './deployment.ts';
import { selectNewestIds, selectOutcome } from './deployment-store.ts';

/** How many of an application's newest deployments its log holds where none is named. */
const NEWEST = 10;
/** An instance's end is told by whoever ran it, a little later than it came. */
const TOLD_WITHIN = 10 * SECOND;

type Deps = { db: Reader; paths: DataPaths; clock: Clock };

/** What the last look found, and when it began. */
type Seen = { at: number; ids: readonly DeploymentId[]; instances: KnownSources; stand: Stand };

/**
 * The log of a deployment, or of the application's newest ones. The first look reads all instances of
 * these, a later one those that are not over, and what ended since.
 */
export function logSubject(
  deps: Deps,
  applicationId: ApplicationId,
  deploymentId?: DeploymentId,
): LogSubject {
  const { db, clock } = deps;
  let seen: Seen | undefined;
  return {
    key: deploymentId ?? applicationId,
    applicationId,
    async look() {
      const former = seen;
      const at = clock();
      const ids =
        deploymentId === undefined
          ? await selectNewestIds(db, applicationId, NEWEST)
          : [deploymentId];
      const settled = deploymentId && (await settledOf(db, deploymentId));
      const instances = await lookAtInstances(deps, { at, applicationId, ids }, former);
      const isSame =
        instances === former?.instances &&
        ids.join() === former.ids.join() &&
        isSameEnd(settled, former.stand.settled);
      const stand = isSame
        ? former.stand
        : standOf(deps.paths, { applicationId, ids, instances, settled });
      seen = { at, ids, instances, stand };
      return stand;
    },
  };
}

type Wanted = { at: number; applicationId: ApplicationId; ids: readonly DeploymentId[] };

/** The instances of these deployments; those of runs that were asked for beside have a log of their own. */
async function lookAtInstances(
  { db, paths }: Deps,
  { at, applicationId, ids }: Wanted,
  seen: Seen | undefined,
): Promise<KnownSources> {
  const sourcesOf = (instances: readonly LoggedInstance[]): Source[] =>
    instances
      .filter(({ deploymentId, origin }) => ids.includes(deploymentId) && origin !== 'request')
      .map((instance) => sourceOfInstance({ paths, applicationId }, instance, at));
  if (seen === undefined) return know(sourcesOf(await listLogged(db, { deploymentIds: ids })));
  const present = await listLogged(db, { applicationId, endedAfter: undefined });
  const ended = await listLogged(db, { applicationId, endedAfter: seen.at - TOLD_WITHIN });
  return learn(keep(seen, ids), sourcesOf([...present, ...ended]));
}

/** Without what other deployments than these have left. */
function keep({ ids: former, instances }: Seen, ids: readonly DeploymentId[]): KnownSources {
  const wanted = new Set<string | undefined>(ids);
  if (former.every((id) => wanted.has(id))) return instances;
  return know(instances.all.filter(({ deploymentId }) => wanted.has(deploymentId)));
}

type Found = Omit<Wanted, 'at'> & { instances: KnownSources; settled: Settled | undefined };

/** What the platform says of each deployment, and the instances of these. */
function standOf(paths: DataPaths, { applicationId, ids, instances, settled }: Found): Stand {
  const own = ids.map((id) => sourceOfPlatform({ paths, applicationId }, { id, deploymentId: id }));
  return { sources: [...own, ...instances.all], settled };
}

/** How a deployment came to its end, or to what it was for; undefined where it has not yet. */
async function settledOf(db: Reader, id: DeploymentId): Promise<Settled | undefined> {
  const outcome = await selectOutcome(db, id);
  if (outcome === undefined) return { status: undefined, at: 0, toTheEnd: false };
  const { status, finishedAt } = outcome;
  if (!isSettled(status)) return undefined;
  return { status, at: finishedAt ?? 0, toTheEnd: isFinal(status) && status !== 'superseded' };
}
