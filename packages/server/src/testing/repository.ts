import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findApplication } from '../applications/application-store.ts';
import { listDeployments } from '../deployments/list-deployments.ts';
import { createGitLimits } from '../git/git-limits.ts';
import { createRepository, placeOf, readHeads } from '../git/repository.ts';
import { git } from '../git/run-git.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import type { Database } from '../store/database.ts';
import { makeApplication, makeOwner } from './rows.ts';

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** An application with a repository of its own, and who may push to it. */
export async function openRepository(database: Database, t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'grid-git-'));
  t.after(() => rmSync(root, { recursive: true }));
  const paths = dataPaths(root);
  const { userId, organizationId } = await makeOwner(database);
  const id = await makeApplication(database, { ownerId: organizationId });
  await createRepository(paths, id);
  const place = placeOf(paths, id);
  const who = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' };
  const application = await findApplication(database.read, id);
  if (application === undefined) throw new Error('What was made is there.');
  return {
    user: { id: userId, email: 'ada@example.com', name: 'Ada', operator: true, createdAt: 1 },
    application,
    id,
    deps: {
      database,
      clock: () => 5,
      paths,
      gitLimits: createGitLimits(),
      heads: (of: ApplicationId) => readHeads(paths, of),
    },
    /** Moves a ref to a new commit, as a push does. */
    async move(ref: string, at: number): Promise<string> {
      const date = `${at} +0000`;
      const names = { ...who, GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.com' };
      const dates = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
      const made = ['commit-tree', EMPTY_TREE, '-m', `${ref} ${at}`];
      await git(place, ['hash-object', '-t', 'tree', '-w', '/dev/null']);
      const environment = { ...names, ...dates };
      const commit = (await git(place, made, { environment })).trim();
      await git(place, ['update-ref', ref, commit]);
      return commit;
    },
    commits: async () =>
      (await listDeployments(database.read, id)).map(({ commitId }) => commitId).toReversed(),
  };
}
