import type { ApplicationId, InstanceId, OwnerId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import {
  insertIntervals,
  setApplicationName,
  setEnded,
  setEndedAtHeartbeat,
  setHeartbeat,
} from './usage-store.ts';
import type { NewInterval } from './usage.ts';

/** The time of instances is paid for from `at` on. */
export const openIntervals = (tx: Tx, intervals: readonly NewInterval[]): Promise<void> =>
  insertIntervals(
    tx,
    intervals.map(({ at, ...interval }) => ({ ...interval, startedAt: at, heartbeatAt: at })),
  );

/** The instance was seen alive at `at`. */
export const heartbeatInterval = (tx: Tx, id: InstanceId, at: number): Promise<void> =>
  setHeartbeat(tx, id, at);

/** The instance is over since an unknown time: its last heartbeat is the end. */
export const closeLostInterval = (tx: Tx, id: InstanceId): Promise<void> =>
  setEndedAtHeartbeat(tx, id);

/** The instance is over. Closing twice keeps the first end. */
export const closeInterval = (tx: Tx, id: InstanceId, at: number): Promise<void> =>
  setEnded(tx, id, at);

/** The application is about to be gone: what it used is on record by its name. */
export const keepName = (
  tx: Tx,
  application: { id: ApplicationId; ownerId: OwnerId; name: string },
): Promise<unknown> => setApplicationName(tx, application);
