import { recordHead } from '../deployments/record-head.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId, DeploymentId, UserId } from '../lib/ids.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Database } from '../store/database.ts';
import type { Head } from './repository.ts';
import { findSeen, moveSeen } from './repository-store.ts';

type Deps = {
  database: Database;
  clock: Clock;
  /** Where an application's branches are. */
  heads(id: ApplicationId): Promise<readonly Head[]>;
};

/** The ref is the fact: writes the deployment of a pushed commit that has none yet. */
export const repositoryReconciler =
  (deps: Deps): Reconciler =>
  async (claim) => {
    await recordPushed(deps, claim.id as ApplicationId);
    return undefined;
  };

/**
 * The deployment that the repository's head was given just now, or undefined where it had one. Its
 * author is who pushes; who was the last to begin a push, where that is not known.
 */
export async function recordPushed(
  { database, clock, heads: readHeads }: Deps,
  id: ApplicationId,
  pusher?: UserId,
): Promise<DeploymentId | undefined> {
  const seen = await findSeen(database.read, id);
  if (seen === undefined) return undefined;
  const heads = await readHeads(id);
  const head = newestMoved(heads, JSON.parse(seen.refs) as Record<string, string>);
  if (head === undefined) return undefined;
  const refs = JSON.stringify(Object.fromEntries(heads.map((one) => [one.ref, one.commitId])));
  return database.transaction(async (tx) => {
    const at = clock();
    const move = { from: seen.refs, to: refs, commitId: head, at };
    if (!(await moveSeen(tx, id, move))) return undefined;
    const authorId = pusher ?? seen.pusherId;
    return recordHead(tx, { applicationId: id, commitId: head, authorId, cause: 'Git', at });
  });
}

/** Of the branches that moved since they were seen, the newest commit. */
export function newestMoved(
  heads: readonly Head[],
  seen: Readonly<Record<string, string>>,
): string | undefined {
  const moved = heads.filter(({ ref, commitId }) => seen[ref] !== commitId);
  return moved.toSorted((a, b) => b.at - a.at)[0]?.commitId;
}
