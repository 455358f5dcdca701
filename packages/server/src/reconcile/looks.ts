import { randomUUID } from 'node:crypto';
import type { Database, Tx } from '../store/database.ts';
import {
  insertOrAdvance,
  isHeld,
  releaseRow,
  renewRow,
  selectNextDue,
  takeDue,
} from './reconciliation-store.ts';
import type { Look } from './reconciliation-store.ts';
import type { Claim, Kind, Taking } from './reconciler.ts';

/** Somebody else has taken over what this one claimed: its decision must not be recorded. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

/**
 * Asks for a look at `id`, at `dueAt` or before. Call it in the transaction that changed what is
 * wanted or seen. Asked again while it is being looked at, it comes due again.
 */
export const askForLook = (tx: Tx, kind: Kind, id: string, dueAt: number): Promise<void> =>
  insertOrAdvance(tx, [[kind, id]], dueAt);

/** The same for several things, none of them named twice. */
export const askForLooks = (tx: Tx, looks: readonly Look[], dueAt: number): Promise<void> =>
  insertOrAdvance(tx, looks, dueAt);

/** Takes up to `limit` due things, each for this claimant alone. */
export const claimDue = (database: Database, taking: Taking): Promise<Claim[]> =>
  database.transaction((tx) => takeDue(tx, { ...taking, claim: randomUUID() }));

/** The first statement of what records a decision: throws where the claim, or the leadership, is lost. */
export async function holdClaim(tx: Tx, claim: Claim): Promise<void> {
  if (!(await isHeld(tx, claim)))
    throw new ClaimLost(`lost the claim on ${claim.kind} ${claim.id}`);
}

/** Keeps the claim of a look that takes long; false where it was lost. */
export const renew = (database: Database, claim: Claim, until: number): Promise<boolean> =>
  database.transaction((tx) => renewRow(tx, claim, until));

/** Gives claims back, each due again at its time, or settled; what was asked meanwhile is due now. */
export const release = (
  database: Database,
  done: readonly { claim: Claim; dueAt: number | undefined; attempts: number }[],
  now: number,
): Promise<void> =>
  database.transaction(async (tx) => {
    for (const one of done) await releaseRow(tx, one, now);
  });

/** When the next thing comes due, or undefined. */
export const nextDue = (database: Database, kinds: readonly Kind[]): Promise<number | undefined> =>
  selectNextDue(database.read, kinds);
