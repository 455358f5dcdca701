import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow, Row } from '../store/schema.ts';
import { baseOf, itselfAndAbove } from './domain.ts';
import type { Address, Domain, Held } from './domain.ts';

export const insertDomain = (tx: Tx, domain: Omit<NewRow<'domains'>, 'favourite'>) =>
  tx
    .insertInto('domains')
    .values({ ...domain, favourite: false })
    .execute();

export const listDomains = (db: Reader, id: ApplicationId): Promise<Domain[]> =>
  db
    .selectFrom('domains')
    .selectAll()
    .where('applicationId', '=', id)
    .orderBy('createdAt')
    .orderBy('host')
    .execute();

/** Addresses of the host, of each above it and of each below it, and of wildcards there. */
export const selectHeld = (db: Reader, host: string): Promise<Held[]> =>
  db
    .selectFrom('domains')
    .innerJoin('applications', 'applications.id', 'domains.applicationId')
    .select(['host', 'pathPrefix', 'applicationId', 'ownerId'])
    .where(({ or, eb }) =>
      or([
        eb(
          'host',
          'in',
          itselfAndAbove(baseOf(host)).flatMap((one) => [one, `*.${one}`]),
        ),
        eb('host', 'like', `%.${baseOf(host)}`),
      ]),
    )
    .execute();

/** What the operator has said of the name, or of one above it. */
export const selectReserved = (db: Reader, host: string): Promise<Row<'reservedNames'>[]> =>
  db
    .selectFrom('reservedNames')
    .selectAll()
    .where('host', 'in', itselfAndAbove(baseOf(host)))
    .execute();

/** All that the operator has said, by name. */
export const listReservedNames = (db: Reader): Promise<Row<'reservedNames'>[]> =>
  db.selectFrom('reservedNames').selectAll().orderBy('host').execute();

/** Says of a name whose it is, whatever was said before. */
export async function putReserved(tx: Tx, reserved: NewRow<'reservedNames'>): Promise<void> {
  await deleteReserved(tx, reserved.host);
  await tx.insertInto('reservedNames').values(reserved).execute();
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
  await tx
    .updateTable('domains')
    .set({ favourite: false })
    .where('applicationId', '=', id)
    .execute();
  if (domain === undefined) return;
  await tx
    .updateTable('domains')
    .set({ favourite: true })
    .where('applicationId', '=', id)
    .where('host', '=', domain.host)
    .where('pathPrefix', '=', domain.pathPrefix)
    .execute();
}
