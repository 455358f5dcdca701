import { findVariant } from '../applications/application.ts';
import type { Application } from '../applications/application.ts';
import type { Artifact } from '../builds/build.ts';
import { findArtifact } from '../builds/artifact-store.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, DeploymentId, RunId, UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireNoMore, requireRoom } from '../limits/require-room.ts';
import { requireShare } from '../limits/require-share.ts';
import { countWaitingRuns, findRunById } from './run-store.ts';
import type { Run } from './run.ts';
import { parseRunOptions } from './run-options.ts';
import { openVariables } from './run-variables.ts';
import { startRun } from './start-run.ts';
import type { NewRun } from './run.ts';
import { canonicalName } from '../scheduling/flavor.ts';
import { refuseWhatNeverFits } from '../scheduling/never-fits.ts';
import type { EmptyPlatform } from '../scheduling/never-fits.ts';
import type { Pool } from '../scheduling/pool.ts';
import type { Database } from '../store/database.ts';
import type { Priority } from '../store/schema.ts';
import { chooseEngine } from '../workloads/choose-engine.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';
import { requireVariables, environmentHash } from '../applications/environments.ts';
import type { Environments } from '../applications/environments.ts';

export type RunRequestDeps = {
  database: Database;
  clock: Clock;
  pool: Pick<Pool, 'flavorDevices'>;
  environments: Environments;
  engineChoice: EngineChoice;
  /** The platform when it is empty, and what of its sizes it can hold then. */
  empty(): Promise<EmptyPlatform>;
  /** The newest deployment of the application that was built, of a commit or of any. */
  findBuilt(applicationId: ApplicationId, commit: string | undefined): Promise<Built | undefined>;
};

/** A deployment with what was built for it. */
type Built = { id: DeploymentId; commitId: string; artifactId: string | null };

export type RunRequest = {
  application: Application;
  authorId: UserId;
  command?: readonly string[] | undefined;
  environment?: Readonly<Record<string, string>> | undefined;
  flavor?: string | undefined;
  nodes?: number | undefined;
  priority?: Priority | undefined;
  maxDuration?: number | undefined;
  retries?: number | undefined;
  commit?: string | undefined;
};

/**
 * A run of what was built last, or of a commit that was built, beside whatever else runs. Refuses an
 * application that is no Runner, one that was never built, and a size that never fits.
 */
export async function requestRun(deps: RunRequestDeps, request: RunRequest): Promise<Run> {
  const { application, environment: own = {} } = request;
  refuseOthers(application);
  const { nodes = application.nodes } = request;
  const flavor = canonicalName(request.flavor ?? application.flavor);
  refuseWhatNeverFits(await deps.empty(), { flavor, nodes });
  const { deployment, artifact } = await findBuilt(deps, application, request.commit);
  const id = newId('run');
  const variables = { ...(await deps.environments.current(application.id)), ...own };
  await requireVariables(deps.database.read, application.ownerId, variables);
  const options = parseRunOptions(variables);
  if ('reason' in options) throw new Refusal('invalid', options.detail);
  const argv = request.command && commandLine(request.command);
  return insert(deps, {
    id,
    application,
    variables,
    run: {
      ...subjectOf(application, deployment, artifact),
      command: argv?.join(' ') ?? artifact.start.command.name,
      environmentHash: environmentHash(variables),
      flavor,
      nodes,
      authorId: request.authorId,
      argv: argv ?? null,
      environment: deps.environments.seal(id, variables),
      changed: Object.keys(own).toSorted(),
      priority: request.priority ?? options.priority,
      maxDuration: request.maxDuration ?? options.maxDuration,
      retries: request.retries ?? options.retries,
      rerunOf: null,
    },
  });
}

/** The same run once more: everything that it was made from, as it was. Refuses one whose artifact is gone. */
export async function rerun(
  deps: RunRequestDeps,
  { application, run, authorId }: { application: Application; run: Run; authorId: UserId },
): Promise<Run> {
  refuseOthers(application);
  refuseWhatNeverFits(await deps.empty(), run);
  const artifact = await findArtifact(deps.database.read, run.artifactId);
  if (artifact === undefined)
    throw new Refusal(
      'conflict',
      `What run ${run.id} was made from is not kept any more: deploy commit ${run.commitId.slice(0, 8)} again ("grid restart --commit").`,
    );
  const variables = await openVariables(deps, run);
  const id = newId('run');
  const { wanted, status, reason, detail, exitCode, createdAt, startedAt, finishedAt, ...same } =
    run;
  return insert(deps, {
    id,
    application,
    variables,
    run: {
      ...same,
      environment: deps.environments.seal(id, variables),
      authorId,
      rerunOf: run.id,
    },
  });
}

function refuseOthers({ kind, name }: Application): void {
  if (kind !== 'runner')
    throw new Refusal('conflict', `${name} is a Webapp, which serves: only Runners are run.`);
}

/** One word alone may be a whole command line. */
const commandLine = (words: readonly string[]): readonly string[] =>
  words.length === 1 && /\s/.test(words[0] ?? '') ? ['/bin/sh', '-c', words[0] ?? ''] : words;

async function findBuilt(
  { database, findBuilt: find }: RunRequestDeps,
  { id, name }: Application,
  commit: string | undefined,
): Promise<{ deployment: Built; artifact: Artifact }> {
  const deployment = await find(id, commit);
  const artifact = deployment && (await findArtifact(database.read, deployment.artifactId ?? ''));
  if (deployment !== undefined && artifact !== undefined) return { deployment, artifact };
  throw new Refusal(
    'not_deployed',
    commit === undefined
      ? `Nothing of ${name} was built yet: push a commit first.`
      : `Commit ${commit} of ${name} is not built, or not kept any more: deploy it first ("grid restart --commit ${commit}").`,
  );
}

const subjectOf = (
  { ownerId, id: applicationId }: Application,
  { id: deploymentId, commitId }: Built,
  { id: artifactId }: Artifact,
) => ({ ownerId, applicationId, deploymentId, commitId, artifactId });

async function insert(
  { database, clock, pool, engineChoice }: RunRequestDeps,
  {
    id,
    application,
    variables,
    run,
  }: {
    id: RunId;
    application: Application;
    variables: Readonly<Record<string, string>>;
    run: Omit<NewRun, 'at' | 'origin' | 'id'>;
  },
): Promise<Run> {
  const engine = chooseEngine(engineChoice, {
    runtime: findVariant(application.variant)?.runtime,
    environment: variables,
  });
  if (typeof engine !== 'string') throw new Refusal('invalid', engine.detail);
  return database.transaction(async (tx) => {
    const at = clock();
    const { ownerId: of, nodes } = run;
    await requireNoMore(tx, 'nodes', { of, adding: nodes });
    await requireShare(tx, of, run);
    await requireRoom(tx, 'queued-runs', { of, count: () => countWaitingRuns(tx, of) });
    await startRun(tx, pool, { ...run, id, origin: 'request', engine, at });
    const made = await findRunById(tx, id);
    if (made === undefined) throw new Error(`run ${id} was not made`);
    return made;
  });
}
