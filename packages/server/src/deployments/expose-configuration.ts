import { replaceVariablesIn } from '../applications/environment.ts';
import type { Variables } from '../applications/environment.ts';
import { listDependents } from '../applications/link-application.ts';
import type { Clock } from '../lib/clock.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { ApplicationId, UserId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { redeployServing } from './redeploy-serving.ts';

type Deps = { database: Database; clock: Clock; keyring: Keyring };

/**
 * The application exposes these variables and no others; those that depend on it and serve are deployed
 * again, to see them. A Runner sees them at its next run.
 */
export const exposeConfiguration = (
  { database, clock, keyring }: Deps,
  id: ApplicationId,
  { values, authorId }: { values: Variables; authorId: UserId },
): Promise<void> =>
  database.transaction(async (tx) => {
    const at = clock();
    const order = { table: 'exposedValues', id, values, at } as const;
    const before = await replaceVariablesIn(tx, keyring, order);
    if (isSame(before, values)) return;
    for (const dependent of await listDependents(tx, id))
      await redeployServing(tx, dependent, { authorId, at, cause: 'Dependency' });
  });

const isSame = (before: Variables, after: Variables): boolean =>
  Object.keys(before).length === Object.keys(after).length &&
  Object.entries(after).every(([name, value]) => before[name] === value);
