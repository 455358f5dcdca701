import type { UserId } from '../lib/ids.ts';
import { readLimit } from '../limits/require-room.ts';
import type { Seats } from '../limits/seats.ts';
import type { Database } from '../store/database.ts';
import type { LimitName } from '../limits/limit.ts';

/** Lets a connection of the user's stay, until what is answered is called. Refuses where they have too many. */
export const takeSeat = async (
  { database, seats }: { database: Database; seats: Seats },
  name: LimitName,
  userId: UserId,
): Promise<() => void> => seats.take(name, userId, await readLimit(database.read, name, userId));
