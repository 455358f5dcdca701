import type { UserId } from '../lib/ids.ts';
import { refusalOf } from './limit.ts';
import type { LimitName } from './limit.ts';

/** What somebody holds as long as a connection of theirs lives. */
export type Seats = {
  /** Takes one; what gives it back. Refuses where the user has as many as they may. */
  take(name: LimitName, userId: UserId, value: number | null): () => void;
  taken(name: LimitName, userId: UserId): number;
};

export function createSeats(): Seats {
  const counts = new Map<string, number>();
  const taken = (key: string): number => counts.get(key) ?? 0;
  const give = (key: string): void => {
    if (taken(key) <= 1) counts.delete(key);
    else counts.set(key, taken(key) - 1);
  };
  return {
    take(name, userId, value) {
      const key = `${name}/${userId}`;
      const refusal = refusalOf(name, { value, present: taken(key), adding: 1 });
      if (refusal !== undefined) throw refusal;
      counts.set(key, taken(key) + 1);
      let given = false;
      return () => {
        if (!given) give(key);
        given = true;
      };
    },
    taken: (name, userId) => taken(`${name}/${userId}`),
  };
}
