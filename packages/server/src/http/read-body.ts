import type { Readable } from 'node:stream';
import { SECOND } from '../lib/duration.ts';
import { Refusal } from '../lib/refusal.ts';

/** How long a body may take to arrive. */
const ARRIVES_WITHIN = 30 * SECOND;

type Body = Readable & { headers: { 'content-length'?: string | undefined } };
type Bounds = { limit: number; withinMs?: number };

/** The text of a body of at most `limit` bytes. Of one that is refused nothing more is kept. */
export function readBody(body: Body, bounds: Bounds): Promise<string> {
  const { limit, withinMs = ARRIVES_WITHIN } = bounds;
  if (Number(body.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const late = setTimeout(() => refuse(tooSlow(withinMs)), withinMs);
    const refuse = (why: Error): void => {
      clearTimeout(late);
      body.off('data', take).resume();
      reject(why);
    };
    const take = (part: Buffer): void => {
      size += part.length;
      if (size > limit) refuse(tooLarge(limit));
      else parts.push(part);
    };
    body.on('data', take);
    body.on('error', refuse);
    body.once('close', () => refuse(new Refusal('invalid', 'The body broke off.')));
    body.once('end', () => {
      clearTimeout(late);
      resolve(Buffer.concat(parts).toString('utf8'));
    });
  });
}

const tooLarge = (limit: number): Refusal =>
  new Refusal('too_large', `The body may have at most ${limit / 1024} KiB here.`);

const tooSlow = (withinMs: number): Refusal =>
  new Refusal('too_slow', `The body must arrive within ${withinMs / SECOND} seconds.`);
