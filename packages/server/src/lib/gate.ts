import { Refusal } from './refusal.ts';

/** Runs work in its turn. Refuses it where too much waits already. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** A gate that lets `atOnce` pieces of work run, and `waiting` more wait for their turn. */
export function createGate({ atOnce, waiting }: { atOnce: number; waiting: number }): Gate {
  const queue: (() => void)[] = [];
  let running = 0;
  const enter = async (): Promise<void> => {
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (queue.length >= waiting)
      throw new Refusal('busy', 'The platform is busy: try again in a moment.');
    await new Promise<void>((resolve) => queue.push(resolve));
  };
  // whoever waits takes over the place of who leaves
  const leave = (): void => {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return async (work) => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
