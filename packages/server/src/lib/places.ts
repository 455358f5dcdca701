import { Refusal } from './refusal.ts';

export type Places = {
  /** Takes a place, and throws `Refusal` where there is none; call the answer to give it back. */
  take(key: string): () => void;
};

/** So many at a time in all, and of each key, where that is said; `what` they are is said to who gets none. */
export function createPlaces({
  total = Number.POSITIVE_INFINITY,
  each = Number.POSITIVE_INFINITY,
  what,
}: {
  total?: number;
  each?: number;
  what: string;
}): Places {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(key) {
      const own = taken.get(key) ?? 0;
      if (own >= each)
        throw new Refusal(
          'too_many',
          `You have ${each} ${what} open: end one, or try again later.`,
        );
      if (all >= total)
        throw new Refusal(
          'unavailable',
          `The platform has ${total} ${what} open: try again later.`,
        );
      all += 1;
      taken.set(key, own + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        all -= 1;
        const rest = (taken.get(key) ?? 0) - 1;
        if (rest > 0) taken.set(key, rest);
        else taken.delete(key);
      };
    },
  };
}
