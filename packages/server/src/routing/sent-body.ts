import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** What was sent of a body: all of it, while that is little. */
export type SentBody = { parts: Buffer[]; size: number; whole: boolean };

/** So much of a body is kept, to be sent again. */
const MOST_KEPT = 64 * 1024;

/** Methods that may be asked twice (RFC 9110 §9.2.2, and those registered as safe). */
const IDEMPOTENT: ReadonlySet<string | undefined> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
  'QUERY',
]);

export const isIdempotent = ({ method }: Pick<IncomingMessage, 'method'>): boolean =>
  IDEMPOTENT.has(method);

export const hasBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

type Asked = { request: IncomingMessage; sent?: SentBody };

/** Whether asking again does no harm, and nothing of what was sent is lost. */
export const canRepeat = ({ request, sent }: Asked): boolean =>
  isIdempotent(request) && (!hasBody(request) || sent?.whole === true);

/**
 * A body as it comes, or again as it came. It may be given up in its middle, as by an instance that answers before
 * it has come: the visitor's connection goes on with its next request all the same.
 */
export function bodyOf(asked: Asked): Readable | Buffer | null {
  if (!hasBody(asked.request)) return null;
  if (asked.sent?.whole === true) return Buffer.concat(asked.sent.parts);
  // what breaks off is heard of the request
  return Readable.from(passOn(asked), { objectMode: false }).on('error', () => undefined);
}

async function* passOn(asked: Asked): AsyncGenerator<Buffer> {
  const { request } = asked;
  const sent = isIdempotent(request) ? { parts: [], size: 0, whole: false } : undefined;
  if (sent !== undefined) asked.sent = sent;
  try {
    for await (const part of request.iterator({
      destroyOnReturn: false,
    }) as AsyncIterable<Buffer>) {
      if (sent !== undefined) keep(sent, part);
      yield part;
    }
    if (sent !== undefined) sent.whole = sent.size <= MOST_KEPT;
  } finally {
    request.resume();
  }
}

function keep(sent: SentBody, part: Buffer): void {
  sent.size += part.length;
  if (sent.size <= MOST_KEPT) sent.parts.push(part);
  else sent.parts = [];
}
