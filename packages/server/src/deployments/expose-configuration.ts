import { recordApplicationEvent } from '../applications/application-event.ts';
import { changesOf, replaceVariablesIn } from '../applications/environment.ts';
import type { Variables } from '../applications/environment.ts';
import { listDependents } from '../applications/dependency-store.ts';
import { byUser } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { ApplicationId, OwnerId, UserId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { redeployServing } from './redeploy-serving.ts';

type Deps = { database: Database; clock: Clock; keyring: Keyring };

/**
 * The application exposes these variables and no others; those that depend on it and serve are deployed
 * again, to see them. A Runner sees them at its next run.
 */
export const exposeConfiguration = (
  { database, clock, keyring }: Deps,
  application: { id: ApplicationId; ownerId: OwnerId },
  { values, authorId }: { values: Variables; authorId: UserId },
): Promise<void> =>
  database.transaction(async (tx) => {
    const at = clock();
    const { id } = application;
    const order = { table: 'exposedValues', id, values, at } as const;
    const before = await replaceVariablesIn(tx, keyring, order);
    const data = changesOf(before, values);
    if (data.set.length + data.removed.length === 0) return;
    const kind = 'application.exposed_variables_changed';
    await recordApplicationEvent(tx, application, { kind, by: byUser(authorId), at, data });
    for (const dependent of await listDependents(tx, id))
      await redeployServing(tx, dependent, { authorId, at, cause: 'Dependency' });
  });
