import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import { insertEvent } from './event-store.ts';

/** Something that happened, recorded in the transaction that made it so. */
export type NewEvent = {
  ownerId: OwnerId;
  applicationId: ApplicationId | null;
  kind: string;
  at: number;
  data: Readonly<Record<string, unknown>>;
};

export const appendEvent = (tx: Tx, event: NewEvent): Promise<void> => insertEvent(tx, event);
