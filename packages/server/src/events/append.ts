import type { Tx } from '../store/database.ts';
import { insertEvents } from './event-store.ts';
import type { Event, EventKind } from './event.ts';

/** Records what happened, in the transaction that makes it so. */
export const appendEvent = <K extends EventKind>(tx: Tx, event: Event<K>): Promise<void> =>
  insertEvents(tx, [event]);

/** The same of many at once. */
export const appendEvents = <K extends EventKind>(
  tx: Tx,
  events: readonly Event<K>[],
): Promise<void> => insertEvents(tx, events);
