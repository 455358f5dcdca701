import type { Reader, Tx } from '../store/database.ts';
import type { Claim, Kind, Taking } from './reconciler.ts';

export type Look = readonly [kind: Kind, id: string];

/** Makes the rows, or newer versions of them that are due no later than `dueAt`. */
export async function insertOrAdvance(
  tx: Tx,
  looks: readonly Look[],
  dueAt: number,
): Promise<void> {
  if (looks.length === 0) return;
  await tx
    .insertInto('reconciliations')
    .values(
      looks.map(([kind, id]) => ({
        kind,
        id,
        version: 1,
        dueAt,
        claim: null,
        claimedUntil: null,
        epoch: null,
        attempts: 0,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['kind', 'id']).doUpdateSet(({ eb, ref }) => ({
        version: eb(ref('reconciliations.version'), '+', 1),
        dueAt: eb
          .case()
          .when(ref('reconciliations.dueAt'), '<=', dueAt)
          .then(ref('reconciliations.dueAt'))
          .else(eb.val(dueAt))
          .end(),
      })),
    )
    .execute();
}

/** The update repeats the whole condition outside the subquery: else two claimants could both win. */
export async function takeDue(tx: Tx, taking: Taking & { claim: string }): Promise<Claim[]> {
  const { now, epoch, kinds, limit } = taking;
  const due = tx
    .selectFrom('reconciliations')
    .select(['kind', 'id'])
    .where('dueAt', '<=', now)
    .where('kind', 'in', kinds)
    .where(({ or, eb }) =>
      or([eb('claim', 'is', null), eb('claimedUntil', '<', now), eb('epoch', '<', epoch)]),
    )
    .orderBy('dueAt')
    .limit(limit);
  const rows = await tx
    .updateTable('reconciliations')
    .set(({ eb }) => ({
      claim: taking.claim,
      claimedUntil: now + taking.leaseMs,
      epoch,
      attempts: eb('attempts', '+', 1),
    }))
    .where(({ eb, refTuple }) => eb(refTuple('kind', 'id'), 'in', due.$asTuple('kind', 'id')))
    .where('dueAt', '<=', now)
    .where(({ or, eb }) =>
      or([eb('claim', 'is', null), eb('claimedUntil', '<', now), eb('epoch', '<', epoch)]),
    )
    .returning(['kind', 'id', 'claim', 'version', 'attempts'])
    .execute();
  return rows.map((row) => ({ ...row, kind: row.kind as Kind, claim: taking.claim }));
}

/** Whether the claim is still the row's, under the present leader. */
export async function isHeld(tx: Tx, { kind, id, claim }: Claim): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('reconciliations')
    .set({ claim })
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where('claim', '=', claim)
    .where(({ eb, selectFrom }) => eb('epoch', '=', selectFrom('leadership').select('epoch')))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function renewRow(
  tx: Tx,
  { kind, id, claim }: Claim,
  until: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('reconciliations')
    .set({ claimedUntil: until })
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where('claim', '=', claim)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

type Done = { claim: Claim; dueAt: number | undefined; attempts: number };

/** What is settled leaves no row: all that there are is what is due or being looked at. */
export async function releaseRow(tx: Tx, done: Done, now: number): Promise<void> {
  if (done.dueAt === undefined && (await removeUnasked(tx, done.claim))) return;
  const { kind, id, claim, version } = done.claim;
  await tx
    .updateTable('reconciliations')
    .set(({ eb, ref }) => ({
      claim: null,
      claimedUntil: null,
      attempts: done.attempts,
      dueAt: eb
        .case()
        .when(ref('version'), '=', version)
        .then(eb.val(done.dueAt ?? null))
        .else(eb.case().when(ref('dueAt'), '<', now).then(ref('dueAt')).else(eb.val(now)).end())
        .end(),
    }))
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where('claim', '=', claim)
    .execute();
}

/** False where another look was asked for meanwhile, or the claim was lost. */
async function removeUnasked(tx: Tx, { kind, id, claim, version }: Claim): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('reconciliations')
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where('claim', '=', claim)
    .where('version', '=', version)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function selectNextDue(
  db: Reader,
  kinds: readonly Kind[],
): Promise<number | undefined> {
  const row = await db
    .selectFrom('reconciliations')
    .select(({ fn }) => fn.min('dueAt').as('dueAt'))
    .where('kind', 'in', kinds)
    .where('claim', 'is', null)
    .executeTakeFirst();
  return row?.dueAt ?? undefined;
}

/** Begins a new epoch: claims of older ones are void from now on. */
export async function takeEpoch(tx: Tx): Promise<number> {
  const { epoch } = await tx
    .updateTable('leadership')
    .set(({ eb }) => ({ epoch: eb('epoch', '+', 1) }))
    .where('id', '=', 1)
    .returning('epoch')
    .executeTakeFirstOrThrow();
  await tx
    .updateTable('reconciliations')
    .set({ claim: null, claimedUntil: null })
    .where('claim', 'is not', null)
    .execute();
  return epoch;
}
