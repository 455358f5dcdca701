import type { Tx } from '../store/database.ts';
import { insertEvent } from './event-store.ts';
import type { Event } from './event.ts';

export const appendEvent = (tx: Tx, event: Event): Promise<void> => insertEvent(tx, event);
