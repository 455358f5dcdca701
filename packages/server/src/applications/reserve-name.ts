import type { Actor } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import type { Clock } from '../lib/clock.ts';
import type { OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { deleteReserved, putReserved } from './domain-store.ts';
import { parseDomain } from './domain.ts';

type Deps = { database: Database; clock: Clock };

/**
 * The operator's word: the name, with all below it, is for this owner, or for nobody where it is null. It decides
 * who may add it from now on; what has been added stays.
 */
export const reserveName = (
  { database, clock }: Deps,
  { name, ownerId, by }: { name: string; ownerId: OwnerId | null; by: Actor },
): Promise<void> => {
  const host = parseName(name);
  return database.transaction(async (tx) => {
    const at = clock();
    await putReserved(tx, { host, ownerId, createdAt: at });
    const about = { ownerId, applicationId: null, subjectId: host } as const;
    const event = { kind: 'name.reserved', by, at, data: { for: ownerId } } as const;
    await appendEvent(tx, { ...about, ...event });
  });
};

/** Takes the operator's word back. */
export const releaseName = (
  { database, clock }: Deps,
  { name, by }: { name: string; by: Actor },
): Promise<void> => {
  const host = parseName(name);
  return database.transaction(async (tx) => {
    const [former] = await deleteReserved(tx, host);
    if (former === undefined) throw new Refusal('not_found', `Nothing is said of ${name}.`);
    const about = { ...former, applicationId: null, subjectId: host } as const;
    await appendEvent(tx, { ...about, kind: 'name.released', by, at: clock(), data: {} });
  });
};

function parseName(name: string): string {
  const { host, pathPrefix } = parseDomain(name);
  if (pathPrefix === '/' && !host.startsWith('*.')) return host;
  throw new Refusal('invalid', 'Give a name alone: all that is below it is meant too.', {
    fqdn: 'must be a name without a path or a star',
  });
}
