import type { Kysely } from 'kysely';
import type { ApplicationId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Domain } from './domain.ts';

/** `app-<uuid>` below the domain of applications. */
export const defaultDomain = (id: ApplicationId, applicationDomain: string): string =>
  `${id.replace('app_', 'app-')}.${applicationDomain}`;

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

export const findDomainOwner = (
  db: Kysely<Schema>,
  { host, pathPrefix }: Pick<Domain, 'host' | 'pathPrefix'>,
): Promise<{ applicationId: ApplicationId } | undefined> =>
  db
    .selectFrom('domains')
    .select('application_id as applicationId')
    .where('host', '=', host)
    .where('path_prefix', '=', pathPrefix)
    .executeTakeFirst();

export const deleteDomain = (
  tx: Tx,
  id: ApplicationId,
  { host, pathPrefix }: Pick<Domain, 'host' | 'pathPrefix'>,
) =>
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
  domain: Pick<Domain, 'host' | 'pathPrefix'> | undefined,
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
