import type { ApplicationId, UserId } from '../lib/ids.ts';
import type { Reader, Tx } from '../store/database.ts';
import type { Row } from '../store/schema.ts';

/** What was seen of the repository, or undefined where there is no such application. */
export const findSeen = (db: Reader, id: ApplicationId): Promise<Row<'repositories'> | undefined> =>
  db.selectFrom('repositories').selectAll().where('applicationId', '=', id).executeTakeFirst();

export const setPusher = (tx: Tx, id: ApplicationId, pusherId: UserId) =>
  tx.updateTable('repositories').set({ pusherId }).where('applicationId', '=', id).execute();

type Refs = Row<'repositories'>['seenRefs'];

/** Moves what was seen of the branches on; false where somebody else has done so. */
export async function moveSeen(
  tx: Tx,
  id: ApplicationId,
  move: { from: Refs; to: Refs; commitId: string; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('repositories')
    .set({ seenRefs: move.to, seenCommit: move.commitId, seenAt: move.at })
    .where('applicationId', '=', id)
    .where('seenRefs', '=', move.from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
