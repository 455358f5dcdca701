import { appendEvent } from '../events/append.ts';
import type { Event, EventKind } from '../events/event.ts';
import type { Tx } from '../store/database.ts';
import type { Application } from './application.ts';

/** Records what became of an application, in the transaction that made it so. */
export const recordApplicationEvent = <K extends Extract<EventKind, `application.${string}`>>(
  tx: Tx,
  { id, ownerId }: Pick<Application, 'id' | 'ownerId'>,
  event: Pick<Event<K>, 'kind' | 'by' | 'at' | 'data'>,
): Promise<void> => appendEvent(tx, { ownerId, applicationId: id, subjectId: id, ...event });
