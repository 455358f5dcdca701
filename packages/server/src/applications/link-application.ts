import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRoom } from '../limits/require-room.ts';
import type { Database, Reader } from '../store/database.ts';
import { recordApplicationEvent } from './application-event.ts';
import { deleteDependency, insertDependency, listDependencies } from './dependency-store.ts';
import { loadValues } from './environment.ts';
import type { Variables } from './environment.ts';

type Deps = { database: Database; clock: Clock };
type Link = { id: ApplicationId; ownerId: OwnerId; dependencyId: ApplicationId; by: Actor };

/** From its next deployment on, the application sees what the other one exposes. Both are one owner's. */
export const linkApplication = ({ database, clock }: Deps, link: Link): Promise<void> => {
  const { id, dependencyId, ownerId, by } = link;
  if (id === dependencyId) throw new Refusal('invalid', 'An application cannot depend on itself.');
  return database.transaction(async (tx) => {
    const count = async () =>
      (await listDependencies(tx, id)).filter((one) => one !== dependencyId).length;
    await requireRoom(tx, 'dependencies', { of: ownerId, within: id, count });
    const at = clock();
    if (!(await insertDependency(tx, { id, dependencyId, at }))) return;
    const event = { kind: 'application.dependency_added', by, at, data: { dependencyId } } as const;
    await recordApplicationEvent(tx, link, event);
  });
};

/** One that is not linked is fine. */
export const unlinkApplication = ({ database, clock }: Deps, link: Link): Promise<void> =>
  database.transaction(async (tx) => {
    const { id, dependencyId, by } = link;
    if (!(await deleteDependency(tx, id, dependencyId))) return;
    await recordApplicationEvent(tx, link, {
      kind: 'application.dependency_removed',
      by,
      at: clock(),
      data: { dependencyId },
    });
  });

/** What the application sees of those that it depends on: of one name, the one linked last wins. */
export async function loadInherited(
  db: Reader,
  keyring: Keyring,
  id: ApplicationId,
): Promise<Variables> {
  const inherited: Record<string, string> = {};
  for (const dependency of await listDependencies(db, id))
    Object.assign(
      inherited,
      await loadValues(db, keyring, { table: 'exposedValues', id: dependency }),
    );
  return inherited;
}
