import type { Clock } from '../lib/clock.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { demandRoom } from '../limits/demand-room.ts';
import { request } from '../reconcile/queue.ts';
import type { Database } from '../store/database.ts';
import { formatDomain, isTaken, parseDomain } from './domain.ts';
import {
  deleteDomain,
  insertDomain,
  selectDomains,
  selectHeld,
  setFavourite,
} from './domain-store.ts';

type Deps = { database: Database; clock: Clock; platformHosts: readonly string[] };

export const listDomains = selectDomains;

/** Adds a domain; the same application's is fine. Refuses what `isTaken`. */
export const addDomain = (
  { database, clock, platformHosts }: Deps,
  application: { id: ApplicationId; ownerId: OwnerId },
  text: string,
): Promise<void> => {
  const domain = parseDomain(text);
  const { id: applicationId, ownerId } = application;
  return database.transaction(async (tx) => {
    const held = await selectHeld(tx, domain.host);
    if (isTaken(domain, { applicationId, ownerId }, { platformHosts, held }))
      throw new Refusal('conflict', `${formatDomain(domain)} is not available.`, {
        fqdn: 'is not available',
      });
    if (
      held.some(({ host, pathPrefix }) => host === domain.host && pathPrefix === domain.pathPrefix)
    )
      return;
    const count = async () => (await selectDomains(tx, applicationId)).length;
    await demandRoom(tx, 'domains', { of: ownerId, within: applicationId, count });
    await insertDomain(tx, { ...domain, applicationId, at: clock() });
    await request(tx, 'routes', 'all', clock());
  });
};

export const removeDomain = (
  { database, clock }: Deps,
  applicationId: ApplicationId,
  text: string,
): Promise<void> =>
  database.transaction(async (tx) => {
    await deleteDomain(tx, applicationId, parseDomain(text));
    await request(tx, 'routes', 'all', clock());
  });

/** The domain that links lead to; undefined unsets it. Refuses one that the application has not. */
export const setFavouriteDomain = (
  { database }: Pick<Deps, 'database'>,
  applicationId: ApplicationId,
  text: string | undefined,
): Promise<void> =>
  database.transaction(async (tx) => {
    const domain = text === undefined ? undefined : parseDomain(text);
    const own = await selectDomains(tx, applicationId);
    if (domain !== undefined && !own.some((one) => formatDomain(one) === formatDomain(domain)))
      throw new Refusal('not_found', `${text} is not a domain of this application.`);
    await setFavourite(tx, applicationId, domain);
  });
