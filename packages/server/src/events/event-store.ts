import type { Tx } from '../store/database.ts';
import type { NewEvent } from './event.ts';

export async function insertEvent(tx: Tx, event: NewEvent): Promise<void> {
  await tx
    .insertInto('events')
    .values({
      owner_id: event.ownerId,
      application_id: event.applicationId,
      kind: event.kind,
      at: event.at,
      data: JSON.stringify(event.data),
    })
    .execute();
}
