import type { Kysely } from 'kysely';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { baseOf, lineOf } from './domain.ts';
import type { Address, Domain, Held, Reserved } from './domain.ts';

export const insertDomain = (
  tx: Tx,
  domain: { applicationId: ApplicationId; host: string; pathPrefix: string; at: number },
) =>
  tx
    .insertInto('domains')
    .values({
      host: domain.host,
      pathPrefix: domain.pathPrefix,
      applicationId: domain.applicationId,
      favourite: 0,
      createdAt: domain.at,
    })
    .execute();

export const selectDomains = async (db: Kysely<Schema>, id: ApplicationId): Promise<Domain[]> => {
  const rows = await db
    .selectFrom('domains')
    .select(['host', 'pathPrefix', 'favourite'])
    .where('applicationId', '=', id)
    .orderBy('createdAt')
    .orderBy('host')
    .execute();
  return rows.map((row) => ({ ...row, favourite: row.favourite === 1 }));
};

/** Addresses of the host, of each above it and of each below it, and of wildcards there. */
export const selectHeld = (db: Kysely<Schema>, host: string): Promise<Held[]> =>
  db
    .selectFrom('domains')
    .innerJoin('applications', 'applications.id', 'domains.applicationId')
    .select(['host', 'pathPrefix', 'applicationId', 'ownerId'])
    .where(({ or, eb }) =>
      or([
        eb(
          'host',
          'in',
          lineOf(baseOf(host)).flatMap((one) => [one, `*.${one}`]),
        ),
        eb('host', 'like', `%.${baseOf(host)}`),
      ]),
    )
    .execute();

/** What the operator has said of the name, or of one above it. */
export const selectReserved = (db: Kysely<Schema>, host: string): Promise<Reserved[]> =>
  db
    .selectFrom('reservedNames')
    .select(['host', 'ownerId'])
    .where('host', 'in', lineOf(baseOf(host)))
    .execute();

/** All that the operator has said, by name. */
export const selectEveryReserved = (db: Kysely<Schema>): Promise<Reserved[]> =>
  db.selectFrom('reservedNames').select(['host', 'ownerId']).orderBy('host').execute();

/** Says of a name whose it is, whatever was said before. */
export async function putReserved(
  tx: Tx,
  { host, ownerId, at }: { host: string; ownerId: OwnerId | null; at: number },
): Promise<void> {
  await deleteReserved(tx, host);
  await tx.insertInto('reservedNames').values({ host, ownerId, createdAt: at }).execute();
}

/** Whose it was said to be; none where nothing was said of it. */
export const deleteReserved = (tx: Tx, host: string): Promise<{ ownerId: OwnerId | null }[]> =>
  tx.deleteFrom('reservedNames').where('host', '=', host).returning('ownerId').execute();

export const deleteDomain = (tx: Tx, id: ApplicationId, { host, pathPrefix }: Address) =>
  tx
    .deleteFrom('domains')
    .where('applicationId', '=', id)
    .where('host', '=', host)
    .where('pathPrefix', '=', pathPrefix)
    .execute();

/** Makes one domain the favourite, or none. */
export async function setFavourite(
  tx: Tx,
  id: ApplicationId,
  domain: Address | undefined,
): Promise<void> {
  await tx.updateTable('domains').set({ favourite: 0 }).where('applicationId', '=', id).execute();
  if (domain === undefined) return;
  await tx
    .updateTable('domains')
    .set({ favourite: 1 })
    .where('applicationId', '=', id)
    .where('host', '=', domain.host)
    .where('pathPrefix', '=', domain.pathPrefix)
    .execute();
}
