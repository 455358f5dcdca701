import type { ApplicationId, OwnerId } from '../lib/ids.ts';

/** Something that happened, recorded in the transaction that made it so. */
export type Event = {
  ownerId: OwnerId;
  applicationId: ApplicationId | null;
  kind: string;
  at: number;
  data: Readonly<Record<string, unknown>>;
};
