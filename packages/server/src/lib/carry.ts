import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Refusal } from './refusal.ts';
import { spellRoughly } from './spell-duration.ts';

export type Bounds = {
  /** Bytes that may come in all. */
  most?: number;
  /** How long the source may say nothing. */
  silentMs?: number;
  /** How long what it said may wait to be taken. */
  stuckMs?: number;
  /** Leaves the target open at the end. */
  open?: boolean;
};

/**
 * Copies a stream whose other end is not ours: with a bound, a deadline and an owner of its errors. Throws
 * `Refusal` where it goes on too long or stands still. The source is left as it is, so that its sender can be
 * answered; the target is destroyed when anything fails.
 */
export async function carry(from: Readable, to: Writable, bounds: Bounds): Promise<void> {
  const { fail, failed, signal } = watchFor(to);
  const parts = async function* (): AsyncGenerator<Buffer> {
    const source = from.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    let bytes = 0;
    for (;;) {
      const silent = setLimit(bounds.silentMs, (ms) => fail(late('Nothing came', ms)));
      const { value, done } = await Promise.race([source.next(), failed]).finally(silent);
      if (done === true) return;
      bytes += value.length;
      if (bounds.most !== undefined && bytes > bounds.most) throw tooLarge(bounds.most);
      const stuck = setLimit(bounds.stuckMs, (ms) => fail(late('Nothing was taken', ms)));
      try {
        yield value;
      } finally {
        stuck();
      }
    }
  };
  await pipeline(parts, to, { signal, end: bounds.open !== true }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
}

/** One way for all that ends a copy early: `failed` rejects, and the signal aborts, with the reason. */
function watchFor(to: Writable) {
  const over = new AbortController();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const fail = (error: Error): void => {
    reject(error);
    over.abort(error);
  };
  // a copy would notice at its next part, which may never come
  to.once('close', () => reject(new Error('what was written to has closed')));
  return { fail, failed, signal: over.signal };
}

/** Calls back after a time, if there is one; the answer is the way to stop that. */
function setLimit(ms: number | undefined, passed: (ms: number) => void): () => void {
  if (ms === undefined) return () => undefined;
  const timer = setTimeout(passed, ms, ms);
  return () => clearTimeout(timer);
}

const late = (what: string, ms: number): Refusal =>
  new Refusal('timeout', `${what} for ${spellRoughly(ms)}: the connection is given up.`);

const tooLarge = (most: number): Refusal =>
  new Refusal('too_large', `More came than the ${Math.ceil(most / 1024 ** 2)} MiB that are taken.`);
