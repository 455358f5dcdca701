import type { Kysely } from 'kysely';
import type { ApplicationId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { wildcardOf } from './domain.ts';
import type { Address, Domain, Held } from './domain.ts';

export const insertDomain = (
  tx: Tx,
  domain: { applicationId: ApplicationId; host: string; pathPrefix: string; at: number },
) =>
  tx
    .insertInto('domains')
    .values({
      host: domain.host,
      path_prefix: domain.pathPrefix,
      application_id: domain.applicationId,
      favourite: 0,
      created_at: domain.at,
    })
    .execute();

export const selectDomains = async (db: Kysely<Schema>, id: ApplicationId): Promise<Domain[]> => {
  const rows = await db
    .selectFrom('domains')
    .select(['host', 'path_prefix as pathPrefix', 'favourite'])
    .where('application_id', '=', id)
    .orderBy('created_at')
    .orderBy('host')
    .execute();
  return rows.map((row) => ({ ...row, favourite: row.favourite === 1 }));
};

/** Addresses of the host, of the wildcard over it, and, for a wildcard, of all that it covers. */
export const selectHeld = (db: Kysely<Schema>, host: string): Promise<Held[]> =>
  db
    .selectFrom('domains')
    .innerJoin('applications', 'applications.id', 'domains.application_id')
    .select([
      'host',
      'path_prefix as pathPrefix',
      'application_id as applicationId',
      'owner_id as ownerId',
    ])
    .where(({ or, eb }) =>
      or([
        eb('host', 'in', [host, wildcardOf(host)]),
        ...(host.startsWith('*.') ? [eb('host', 'like', `%${host.slice(1)}`)] : []),
      ]),
    )
    .execute();

export const deleteDomain = (tx: Tx, id: ApplicationId, { host, pathPrefix }: Address) =>
  tx
    .deleteFrom('domains')
    .where('application_id', '=', id)
    .where('host', '=', host)
    .where('path_prefix', '=', pathPrefix)
    .execute();

/** Makes one domain the favourite, or none. */
export async function setFavourite(
  tx: Tx,
  id: ApplicationId,
  domain: Address | undefined,
): Promise<void> {
  await tx.updateTable('domains').set({ favourite: 0 }).where('application_id', '=', id).execute();
  if (domain === undefined) return;
  await tx
    .updateTable('domains')
    .set({ favourite: 1 })
    .where('application_id', '=', id)
    .where('host', '=', domain.host)
    .where('path_prefix', '=', domain.pathPrefix)
    .execute();
}
