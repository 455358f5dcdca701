import type { UserId } from '../lib/ids.ts';

/** Connections of one user. */
const MOST_CONNECTIONS = 20;
/** So many more are told why they are refused. */
const TOLD = 10;

export type Seat = {
  /** Undefined: too many are told already. */
  refusal: string | undefined;
  leave(): void;
};

const REFUSAL = `You have ${MOST_CONNECTIONS} connections to this server: end one of them first.`;

/** Counts the connections of those who signed in; undefined where one is not even told that it is too many. */
export function createSeats() {
  const taken = new Map<UserId, number>();
  return (user: UserId): Seat | undefined => {
    const before = taken.get(user) ?? 0;
    if (before >= MOST_CONNECTIONS + TOLD) return undefined;
    taken.set(user, before + 1);
    return {
      refusal: before >= MOST_CONNECTIONS ? REFUSAL : undefined,
      leave: () => {
        const left = (taken.get(user) ?? 1) - 1;
        if (left === 0) taken.delete(user);
        else taken.set(user, left);
      },
    };
  };
}
