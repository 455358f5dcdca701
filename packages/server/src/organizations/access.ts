import type { OwnerId, UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Reader } from '../store/database.ts';
import type { Role } from '../store/schema.ts';
import { may } from './may.ts';
import type { Right } from './may.ts';
import { findRole } from './organization-store.ts';

/** The user's role with this owner, or undefined: their own space is theirs alone. */
async function roleWith(db: Reader, userId: UserId, ownerId: OwnerId): Promise<Role | undefined> {
  if (ownerId.startsWith('user_')) return ownerId === userId ? 'ADMIN' : undefined;
  return findRole(db, userId, ownerId);
}

/** Refuses what the user may not do there; to strangers the owner does not exist. */
export async function requireRight(
  db: Reader,
  userId: UserId,
  { ownerId, right }: { ownerId: OwnerId; right: Right },
): Promise<void> {
  const role = await roleWith(db, userId, ownerId);
  if (role === undefined) throw new Refusal('not_found', `There is no owner ${ownerId}.`);
  if (!may(role, right))
    throw new Refusal('forbidden', `Your role there (${role}) does not allow this (${right}).`);
}
