/** What was answered to an attack. */
export type Tally = {
  tries: number;
  /** 2xx and 3xx, or whatever else was done as it was asked. */
  answered: number;
  /** 4xx and 503. */
  refused: number;
  /** Connections that were ended without an answer, also by the attacker. */
  cut: number;
  /** What must not be: a 500, something out of its sandbox. Each in a sentence. */
  wrong: Set<string>;
  notes: Set<string>;
};

export const newTally = (): Tally => ({
  tries: 0,
  answered: 0,
  refused: 0,
  cut: 0,
  wrong: new Set(),
  notes: new Set(),
});

/** Counts an answer; 0 for none. */
export function count(tally: Tally, status: number, what: string): void {
  tally.tries += 1;
  if (status === 0) tally.cut += 1;
  else if (status < 400) tally.answered += 1;
  else if (status === 500) tally.wrong.add(`500 to ${what}`);
  else tally.refused += 1;
}

/** Does it so many times, `atOnce` at a time, until the signal. */
export async function pour(
  { times, atOnce, signal }: { times: number; atOnce: number; signal: AbortSignal },
  one: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < times && !signal.aborted) await one(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, times) }, work));
}

/** Resolves when the signal is aborted. */
export const over = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
