import type { Kysely } from 'kysely';
import type { Clock } from '../lib/clock.ts';
import type { UserId } from '../lib/ids.ts';
import { parseName } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import { demandRoom } from '../limits/demand-room.ts';
import type { Database, Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { deleteKey, findKeyOwner, insertKey, selectKeys } from './account-store.ts';
import { parseSshKey } from './ssh-key.ts';
import type { User } from './user.ts';

/** Who pushes with this key (base64 of its wire form), or undefined. */
export const findUserByKey = (db: Kysely<Schema>, key: string): Promise<User | undefined> =>
  findKeyOwner(db, key);

export const listKeys = (db: Kysely<Schema>, userId: UserId) => selectKeys(db, userId);

/**
 * Adds a key under a name of the user's. Refuses one that any account has, since a key says who acts, without a
 * word more of it: who has an account is nobody's business.
 */
export const addKey = (
  { database, clock }: { database: Database; clock: Clock },
  order: { userId: UserId; name: string; line: string },
): Promise<void> => database.transaction((tx) => addKeyIn(tx, { ...order, at: clock() }));

export async function addKeyIn(
  tx: Tx,
  { userId, name, line, at }: { userId: UserId; name: string; line: string; at: number },
): Promise<void> {
  const key = parseSshKey(line);
  await deleteKey(tx, userId, name);
  const owner = await findKeyOwner(tx, key.key);
  if (owner?.id === userId)
    throw new Refusal('invalid_key', 'You have this key already, by another name.');
  if (owner !== undefined)
    throw new Refusal('invalid_key', 'This key cannot be added: use another one.', {
      key: 'cannot be added',
    });
  const count = async () => (await selectKeys(tx, userId)).length;
  await demandRoom(tx, 'ssh-keys', { of: userId, count });
  await insertKey(tx, { ...key, userId, name: parseName('name', name), at });
}

export const removeKey = (
  { database }: { database: Database },
  { userId, name }: { userId: UserId; name: string },
): Promise<unknown> => database.transaction((tx) => deleteKey(tx, userId, name));
