import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import { refusalOf, valueOf } from './limit.ts';
import type { LimitName } from './limit.ts';
import { selectSet, takeCount } from './limit-store.ts';

type Asked = {
  /** The user or owner whom the limit is set for. */
  of: OwnerId;
  /** The application, where the limit counts what one has. */
  within?: ApplicationId;
  /** How many there are, asked when nobody else can add any. */
  count: () => Promise<number>;
  adding?: number;
};

/** Refuses what would be more than the limit allows; in the transaction that adds it. */
export async function requireRoom(
  tx: Tx,
  name: LimitName,
  { of, within, count, adding = 1 }: Asked,
): Promise<void> {
  await takeCount(tx, name, within ?? of);
  await requireNoMore(tx, name, { of, present: await count(), adding });
}

/** The same of what is no count, or has been counted: nobody is kept waiting. */
export async function requireNoMore(
  db: Reader,
  name: LimitName,
  { of, present = 0, adding }: { of: OwnerId; present?: number; adding: number },
): Promise<void> {
  const value = await readLimit(db, name, of);
  const refusal = refusalOf(name, { value, present, adding });
  if (refusal !== undefined) throw refusal;
}

/** What the limit is for this user or owner; null: as much as there is. */
export const readLimit = async (db: Reader, name: LimitName, of: OwnerId): Promise<number | null> =>
  valueOf(name, await selectSet(db, name, of));
