import type { Readable, Writable } from 'node:stream';
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
export function carry(from: Readable, to: Writable, bounds: Bounds): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let bytes = 0;
  const limit = createLimit(bounds, reject);
  const take = (part: Buffer): void => {
    bytes += part.length;
    if (bounds.most !== undefined && bytes > bounds.most) reject(tooLarge(bounds.most));
    else if (to.write(part)) limit.silent();
    else {
      from.pause();
      limit.stuck();
    }
  };
  const goOn = (): void => {
    limit.silent();
    from.resume();
  };
  const finish = (): void => {
    limit.stuck();
    if (bounds.open !== true) to.end(() => resolve());
    // nothing comes after it before all of it is taken
    else if (bytes > 0) to.write(NOTHING, () => resolve());
    else resolve();
  };
  const events: [Readable | Writable, string, (value: never) => unknown][] = [
    [from, 'data', take],
    [from, 'end', finish],
    [from, 'error', reject],
    [from, 'close', () => from.readableEnded || reject(new Error('what was read has closed'))],
    [to, 'drain', goOn],
    [to, 'error', reject],
    [to, 'close', () => to.writableFinished || reject(new Error('what was written to has closed'))],
  ];
  for (const [stream, event, listener] of events) stream.on(event, listener as () => void);
  if (from.destroyed || to.destroyed) reject(from.errored ?? new Error('a stream has closed'));
  goOn();
  return promise
    .catch((error: unknown) => {
      from.pause();
      to.destroy();
      throw error;
    })
    .finally(() => {
      limit.none();
      for (const [stream, event, listener] of events) stream.off(event, listener as () => void);
    });
}

const NOTHING = Buffer.alloc(0);

/** One deadline at a time: for what is said, or for what is to be taken. */
function createLimit({ silentMs, stuckMs }: Bounds, reject: (error: Error) => void) {
  let timer: NodeJS.Timeout | undefined;
  const set = (what: string, ms: number | undefined): void => {
    clearTimeout(timer);
    if (ms !== undefined) timer = setTimeout(() => reject(late(what, ms)), ms);
  };
  return {
    silent: () => set('Nothing came', silentMs),
    stuck: () => set('Nothing was taken', stuckMs),
    none: () => clearTimeout(timer),
  };
}

const late = (what: string, ms: number): Refusal =>
  new Refusal('too_slow', `${what} for ${spellRoughly(ms)}: the connection is given up.`);

const tooLarge = (most: number): Refusal =>
  new Refusal('too_large', `More came than the ${Math.ceil(most / 1024 ** 2)} MiB that are taken.`);
