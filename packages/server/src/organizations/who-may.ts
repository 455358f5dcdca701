import type { OrganizationId, OwnerId, UserId } from '../lib/ids.ts';
import type { Reader } from '../store/database.ts';
import { may } from './may.ts';
import type { Right } from './may.ts';
import { selectMembers } from './organization-store.ts';

/** Tells whether a user may do this with an owner, for these owners as their members are now. */
export async function whoMay(
  db: Reader,
  ownerIds: readonly OwnerId[],
  right: Right,
): Promise<(userId: UserId, ownerId: OwnerId) => boolean> {
  const organizations = ownerIds.filter((id): id is OrganizationId => id.startsWith('orga_'));
  const members = organizations.length === 0 ? [] : await selectMembers(db, organizations);
  const allowed = new Set(
    members.filter(({ role }) => may(role, right)).map((one) => key(one.userId, one.ownerId)),
  );
  return (userId, ownerId) => userId === ownerId || allowed.has(key(userId, ownerId));
}

const key = (userId: UserId, ownerId: OwnerId): string => `${userId} ${ownerId}`;
