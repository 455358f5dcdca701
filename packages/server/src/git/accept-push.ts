import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { User } from '../accounts/user.ts';
import { findApplication } from '../applications/find-application.ts';
import type { Application } from '../applications/application.ts';
import type { Clock } from '../lib/clock.ts';
import { parseId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { demand } from '../organizations/access.ts';
import type { DataPaths } from '../paths.ts';
import { request } from '../reconcile/queue.ts';
import type { Database } from '../store/database.ts';
import { recordPushed } from './repository-reconciler.ts';
import { createRepository } from './repository.ts';
import { setPusher } from './repository-store.ts';
import { spawnGit } from './run-git.ts';

export type GitDeps = { database: Database; clock: Clock; paths: DataPaths };

export type Service = 'git-upload-pack' | 'git-receive-pack';

/** The application of a path such as `/app_….git`, for somebody who may push to it and fetch from it. */
export async function demandRepository(
  { database, paths }: GitDeps,
  user: User,
  path: string,
): Promise<Application> {
  const id = parseId('application', path.replace(/^\/+/, '').replace(/\.git\/?$/, ''));
  const application = id && (await findApplication(database.read, id));
  if (application === undefined)
    throw new Refusal(
      'not_found',
      `There is no repository ${path}: it is named by an application's id, such as app_….git`,
    );
  await demand(database.read, user.id, {
    ownerId: application.ownerId,
    action: 'repository:access',
  }).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'not_found')
      throw new Refusal('not_found', `There is no repository ${path}.`);
    throw error;
  });
  await createRepository(paths, application.id);
  return application;
}

/** Who pushes is recorded, and a look asked for, before any ref can move. */
export const beginPush = (
  { database, clock }: GitDeps,
  application: Application,
  user: User,
): Promise<void> =>
  database.transaction(async (tx) => {
    await setPusher(tx, application.id, user.id);
    await request(tx, 'repository', application.id, clock());
  });

/** What the pusher is told when the refs have moved; the deployment's row exists from here on. */
export async function endPush(deps: GitDeps, application: Application): Promise<string[]> {
  const deploymentId = await recordPushed(deps, application.id);
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

export type Exchange = {
  service: Service;
  application: Application;
  user: User;
  input: Readable;
  output: Writable;
  errors: Writable | undefined;
  /** Protocol version that the client asked for. */
  protocol: string | undefined;
  args: readonly string[];
};

/**
 * Runs git's side of a fetch or a push over a connection. On a push, what we have to say goes into the
 * client's `remote:` lines, by way of receive-pack's own sideband.
 */
export async function serveGit(deps: GitDeps, exchange: Exchange): Promise<number> {
  const { service, application, user, input, output, errors, protocol, args } = exchange;
  const push = service === 'git-receive-pack';
  if (push) await beginPush(deps, application, user);
  const environment = protocol === undefined ? {} : { GIT_PROTOCOL: protocol };
  const repository = deps.paths.repository(application.id);
  const child = spawnGit([service.slice(4), ...args, repository], environment);
  const closed = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  const end = (): boolean => child.kill('SIGTERM');
  output.once('close', end);
  void pipeline(input, child.stdin).catch(() => child.stdin.destroy());
  if (errors === undefined) child.stderr.resume();
  else child.stderr.pipe(errors, { end: false });
  const copied = pipeline(child.stdout, output, { end: false }).catch(() => end());
  const [code] = await Promise.all([closed, copied]);
  output.off('close', end);
  return code;
}
