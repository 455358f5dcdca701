import type { User } from '../accounts/user.ts';
import { findApplication } from '../applications/application-store.ts';
import type { Application } from '../applications/application.ts';
import { listDeployments } from '../deployments/list-deployments.ts';
import { countQueued } from '../deployments/deployment-store.ts';
import type { Clock } from '../lib/clock.ts';
import { parseId } from '../lib/ids.ts';
import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireNoMore } from '../limits/require-room.ts';
import { requireRight } from '../organizations/access.ts';
import type { DataPaths } from '../paths.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Database } from '../store/database.ts';
import type { GitLimits } from './git-limits.ts';
import { recordPushed } from './repository-reconciler.ts';
import { createRepository, readHeads } from './repository.ts';
import { setPusher } from './repository-store.ts';

export type GitDeps = { database: Database; clock: Clock; paths: DataPaths; gitLimits: GitLimits };

/** What recording a push needs. */
type RecordDeps = Omit<GitDeps, 'gitLimits'>;

/**
 * The application of a path such as `/app_….git`, for somebody who may push to it and fetch from it.
 * Others learn nothing: a repository that is not theirs is refused as one that is not there.
 */
export async function requireRepository(
  { database, paths }: RecordDeps,
  user: User,
  path: string,
): Promise<Application> {
  const id = parseId('application', path.replace(/^\/+/, '').replace(/(\.git)?\/*$/, ''));
  const application = id && (await findApplication(database.read, id));
  if (application === undefined) throw noRepository(path);
  const { ownerId } = application;
  await requireRight(database.read, user.id, { ownerId, right: 'repository:access' }).catch(
    (error: unknown) => {
      throw error instanceof Refusal && error.code === 'not_found' ? noRepository(path) : error;
    },
  );
  await createRepository(paths, application.id);
  return application;
}

const noRepository = (path: string): Refusal =>
  new Refusal(
    'not_found',
    `There is no repository ${JSON.stringify(path)} for you: it is named by the id of one of your applications, such as app_….git ("grid app list").`,
  );

/** Refuses a push, before it moves anything, where its deployment would wait behind too many of the owner's. */
export async function requirePush(
  { database: { read } }: GitDeps,
  { ownerId: of }: Application,
): Promise<void> {
  const present = await countQueued(read, of);
  await requireNoMore(read, 'queued-deployments', { of, present, adding: 1 });
}

/**
 * Who pushes is recorded, and a look asked for, before any ref can move. The number of the newest
 * deployment until then, 0 where there is none.
 */
export const beginPush = (
  { database, clock }: Pick<RecordDeps, 'database' | 'clock'>,
  application: Pick<Application, 'id'>,
  user: Pick<User, 'id'>,
): Promise<number> =>
  database.transaction(async (tx) => {
    await setPusher(tx, application.id, user.id);
    await askForLook(tx, 'repository', application.id, clock());
    const [newest] = await listDeployments(tx, application.id, 1);
    return newest?.number ?? 0;
  });

/**
 * What the pusher is told when the refs have moved; the deployment's row exists from here on. The look
 * that was asked for may have written it before us: it is then newer than `since`.
 */
export async function endPush(
  deps: RecordDeps,
  application: Application,
  { user, since }: { user: User; since: number },
): Promise<string[]> {
  const deploymentId =
    (await recordPushed(withHeads(deps), application.id, user.id)) ??
    (await findRecorded(deps, application.id, since));
  if (deploymentId === undefined) return [];
  const what =
    application.kind === 'runner'
      ? 'It is built, run once, and then gone.'
      : 'It is built and brought live.';
  return [
    `Deployment ${deploymentId} of ${application.name}. ${what}`,
    `Follow it: grid logs -f --app ${application.id}`,
  ];
}

const withHeads = ({ database, clock, paths }: RecordDeps) => ({
  database,
  clock,
  heads: (id: ApplicationId) => readHeads(paths, id),
});

/** The newest deployment of what a branch is at, of those after number `since`. */
async function findRecorded(
  { database, paths }: RecordDeps,
  id: ApplicationId,
  since: number,
): Promise<DeploymentId | undefined> {
  const heads = await readHeads(paths, id);
  const recent = await listDeployments(database.read, id, RECENT);
  return recent.find(
    ({ number, commitId }) => number > since && heads.some((head) => head.commitId === commitId),
  )?.id;
}

/** More deployments than this are not recorded while one push is under way. */
const RECENT = 20;
