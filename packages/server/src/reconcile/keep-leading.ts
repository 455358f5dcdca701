import { setTimeout as wait } from 'node:timers/promises';
import { SECOND } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import type { Leadership } from './leader.ts';

export type Leading = {
  /** Becomes the leader again; undefined, or a failure, where it cannot now. */
  become(): Promise<Leadership | undefined>;
  /** Runs what the leader runs, until its answer is called. */
  begin(term: Leadership): Promise<() => Promise<void>>;
  log: Log;
  signal: AbortSignal;
};

/**
 * Runs what the leader runs from now on until the signal aborts. Where the leadership is lost (a
 * database that restarts), it is ended first and begun anew in the next term. The answer waits for the end.
 */
export async function keepLeading(
  first: Leadership,
  leading: Leading,
): Promise<() => Promise<void>> {
  const { signal, log } = leading;
  let term = first;
  let end = await leading.begin(term);
  const over = (async () => {
    for (;;) {
      await aborted(AbortSignal.any([signal, term.lost]));
      await end();
      if (signal.aborted) break;
      log.error(
        { epoch: term.epoch },
        'the leadership is lost (did the database restart?): it is taken again',
      );
      [term, end] = await nextTerm(leading, term);
    }
    await term.resign();
  })();
  over.catch((error: unknown) => log.error({ err: error }, 'the leader failed'));
  return () => over;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** The term after `last`, as soon as there can be one; `last` with nothing to end where the signal aborts. */
async function nextTerm(
  { become, begin, log, signal }: Leading,
  last: Leadership,
): Promise<[Leadership, () => Promise<void>]> {
  while (!signal.aborted) {
    try {
      const term = await become();
      if (term !== undefined) return [term, await begin(term)];
    } catch (error) {
      log.warn({ err: error }, 'the leadership cannot be taken yet');
    }
    await wait(SECOND, undefined, { signal }).catch(() => undefined);
  }
  return [last, async () => undefined];
}
