import type { Tx } from '../store/database.ts';
import { insertEvent } from './event-store.ts';
import type { NewEvent } from './event.ts';

export const appendEvent = (tx: Tx, event: NewEvent): Promise<void> => insertEvent(tx, event);
