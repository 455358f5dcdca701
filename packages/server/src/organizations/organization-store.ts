import type { OrganizationId, OwnerId, UserId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { NewRow, Role } from '../store/schema.ts';
import type { Membership } from './organization.ts';

export const findRole = async (
  db: Reader,
  userId: UserId,
  organizationId: OwnerId,
): Promise<Role | undefined> => {
  const row = await db
    .selectFrom('members')
    .select('role')
    .where('userId', '=', userId)
    .where('organizationId', '=', organizationId as OrganizationId)
    .executeTakeFirst();
  return row?.role;
};

export const insertOrganization = (tx: Tx, organization: NewRow<'organizations'>) =>
  tx.insertInto('organizations').values(organization).execute();

export const insertMember = (tx: Tx, member: NewRow<'members'>) =>
  tx.insertInto('members').values(member).execute();

/** The organizations that the user is a member of, by name. */
export const listMemberships = (db: Reader, userId: UserId): Promise<Membership[]> =>
  db
    .selectFrom('organizations as o')
    .innerJoin('members as m', 'm.organizationId', 'o.id')
    .selectAll('o')
    .select('m.role')
    .where('m.userId', '=', userId)
    .orderBy('o.name')
    .orderBy('o.id')
    .execute();

/** Everybody who is a member of one of these. */
export const selectMembers = (
  db: Reader,
  organizationIds: readonly OrganizationId[],
): Promise<{ ownerId: OrganizationId; userId: UserId; role: Role }[]> =>
  db
    .selectFrom('members')
    .select(['organizationId as ownerId', 'userId', 'role'])
    .where('organizationId', 'in', organizationIds)
    .execute();

/** How many organizations the user is an administrator of. */
export const countAdministered = async (db: Reader, userId: UserId): Promise<number> => {
  const row = await db
    .selectFrom('members')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('userId', '=', userId)
    .where('role', '=', 'ADMIN')
    .executeTakeFirstOrThrow();
  return row.count;
};

export const countOrganizations = async (db: Reader): Promise<number> => {
  const row = await db
    .selectFrom('organizations')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
};
