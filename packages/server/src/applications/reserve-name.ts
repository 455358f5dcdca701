import type { Clock } from '../lib/clock.ts';
import type { OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { deleteReserved, putReserved } from './domain-store.ts';
import { parseDomain } from './domain.ts';

export { selectEveryReserved as listReservedNames } from './domain-store.ts';

type Deps = { database: Database; clock: Clock };

/**
 * The operator's word: the name, with all below it, is for this owner, or for nobody where it is null. It decides
 * who may add it from now on; what has been added stays.
 */
export const reserveName = (
  { database, clock }: Deps,
  { name, ownerId }: { name: string; ownerId: OwnerId | null },
): Promise<void> => {
  const host = parseName(name);
  return database.transaction((tx) => putReserved(tx, { host, ownerId, at: clock() }));
};

/** Takes the operator's word back. */
export const releaseName = ({ database }: Pick<Deps, 'database'>, name: string): Promise<void> => {
  const host = parseName(name);
  return database.transaction(async (tx) => {
    if (!(await deleteReserved(tx, host)))
      throw new Refusal('not_found', `Nothing is said of ${name}.`);
  });
};

function parseName(name: string): string {
  const { host, pathPrefix } = parseDomain(name);
  if (pathPrefix === '/' && !host.startsWith('*.')) return host;
  throw new Refusal('invalid', 'Give a name alone: all that is below it is meant too.', {
    fqdn: 'must be a name without a path or a star',
  });
}
