import type { Clock } from '../lib/clock.ts';
import type { UserId } from '../lib/ids.ts';
import { parseName } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRoom } from '../limits/require-room.ts';
import type { Database, Reader, Tx } from '../store/database.ts';
import { deleteKey, findKeyOwner, insertKey, selectKeys } from './account-store.ts';
import { parseSshKey } from './ssh-key.ts';
import type { User } from './user.ts';
import { recordUserEvent } from './user-event.ts';

/** Who pushes with this key (base64 of its wire form), or undefined. */
export const findUserByKey = (db: Reader, key: string): Promise<User | undefined> =>
  findKeyOwner(db, key);

export const listKeys = (db: Reader, userId: UserId) => selectKeys(db, userId);

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
  await removeKeyIn(tx, { userId, name, at });
  const owner = await findKeyOwner(tx, key.key);
  if (owner?.id === userId)
    throw new Refusal('invalid_key', 'You have this key already, by another name.');
  if (owner !== undefined)
    throw new Refusal('invalid_key', 'This key cannot be added: use another one.', {
      key: 'cannot be added',
    });
  const count = async () => (await selectKeys(tx, userId)).length;
  await requireRoom(tx, 'ssh-keys', { of: userId, count });
  await insertKey(tx, { ...key, userId, name: parseName('name', name), createdAt: at });
  const { fingerprint } = key;
  await recordUserEvent(tx, userId, { kind: 'user.key_added', at, data: { name, fingerprint } });
}

/** One that is not there is fine. */
export const removeKey = (
  { database, clock }: { database: Database; clock: Clock },
  key: { userId: UserId; name: string },
): Promise<void> => database.transaction((tx) => removeKeyIn(tx, { ...key, at: clock() }));

async function removeKeyIn(
  tx: Tx,
  { userId, name, at }: { userId: UserId; name: string; at: number },
): Promise<void> {
  const removed = await deleteKey(tx, userId, name);
  if (removed === undefined) return;
  const data = { name, fingerprint: removed.fingerprint };
  await recordUserEvent(tx, userId, { kind: 'user.key_removed', at, data });
}
