import { appendEvent } from '../events/append.ts';
import type { Event, EventKind } from '../events/event.ts';
import type { Tx } from '../store/database.ts';

/** Records what became of a device, which is the platform's own, in the transaction that made it so. */
export const recordDeviceEvent = <K extends Extract<EventKind, `device.${string}`>>(
  tx: Tx,
  uuid: string,
  event: Pick<Event<K>, 'kind' | 'by' | 'at' | 'data'>,
): Promise<void> =>
  appendEvent(tx, { ownerId: null, applicationId: null, subjectId: uuid, ...event });
