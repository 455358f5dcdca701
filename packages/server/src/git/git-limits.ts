import { availableParallelism } from 'node:os';
import { listApplications } from '../applications/application-store.ts';
import type { Application } from '../applications/application.ts';
import { SECOND } from '../lib/duration.ts';
import type { ApplicationId, UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { createShare } from '../lib/share.ts';
import type { Share } from '../lib/share.ts';
import type { DataPaths } from '../paths.ts';
import type { Database } from '../store/database.ts';
import { measureRepository } from './measure-repository.ts';

const GIBIBYTE = 1024 ** 3;

/** What repositories may take of the disk: each, and all of an owner. */
const MOST = { repository: 5 * GIBIBYTE, owner: 50 * GIBIBYTE };

/** What is counted of git, of everybody; made once by the control plane. */
export type GitLimits = {
  share: Share;
  /** What repositories were seen to take, since this process began. */
  sizes: Map<ApplicationId, number>;
  /** How many pushes are under way to a repository. */
  pushing: Map<ApplicationId, number>;
  most: { repository: number; owner: number };
};

const WAIT = 30 * SECOND;
/** Most of them wait for a client; what they may compute at a time is theirs to limit. */
const COMMANDS = 32 + 2 * availableParallelism();

export const createGitLimits = (most = MOST): GitLimits => ({
  share: createShare({ total: COMMANDS, waitMs: WAIT, what: 'git commands' }),
  sizes: new Map(),
  pushing: new Map(),
  most,
});

/** A place among all git commands, for one of this user on this repository. */
export const takeTurn = (
  { share }: GitLimits,
  who: { user: UserId; repository: ApplicationId },
  signal: AbortSignal,
): Promise<() => void> =>
  share.take(
    [
      { key: who.user, most: 4 },
      { key: who.repository, most: 8 },
    ],
    signal,
  );

/** Notes a push, until the answer is called. */
export function notePush({ pushing }: GitLimits, id: ApplicationId): () => void {
  pushing.set(id, (pushing.get(id) ?? 0) + 1);
  return () => {
    const left = (pushing.get(id) ?? 1) - 1;
    if (left === 0) pushing.delete(id);
    else pushing.set(id, left);
  };
}

type Deps = { database: Database; paths: DataPaths; gitLimits: GitLimits };

/** How many bytes may still be pushed. Throws `Refusal` where there is no room. */
export async function requireBytes(deps: Deps, application: Application): Promise<number> {
  const { most } = deps.gitLimits;
  const { mine, all } = await measure(deps, application);
  const room = Math.min(most.repository - mine, most.owner - all);
  if (room > 0) return room;
  throw mine >= most.repository
    ? new Refusal(
        'too_large',
        `The repository of ${application.name} may take ${spell(most.repository)}: ${WAY_OUT}`,
      )
    : new Refusal(
        'too_large',
        `The repositories of this owner may take ${spell(most.owner)} together: delete an application that nobody needs, or ${WAY_OUT}`,
      );
}

const spell = (bytes: number): string => `${Number((bytes / GIBIBYTE).toFixed(2))} GiB`;

const WAY_OUT =
  'keep data and weights in an add-on, and push to a new application a history without them.';

async function measure({ database, paths, gitLimits: { sizes } }: Deps, application: Application) {
  const mine = await measureRepository(paths.repository(application.id));
  sizes.set(application.id, mine);
  let all = 0;
  for (const { id } of await listApplications(database.read, application.ownerId)) {
    const known = sizes.get(id) ?? (await measureRepository(paths.repository(id)));
    sizes.set(id, known);
    all += known;
  }
  return { mine, all };
}
