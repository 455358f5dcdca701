import type { Readable } from 'node:stream';

/** Stream (1 byte), three bytes of nothing, length (4 bytes, big endian). */
const HEADER = 8;

export type Part = { stream: 'stdout' | 'stderr'; bytes: Buffer };

/** Takes the two streams of a command apart, which the engine sends as frames of one. */
export async function* demultiplex(source: Readable): AsyncGenerator<Part> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    while (rest.length - at >= HEADER) {
      const end = at + HEADER + rest.readUInt32BE(at + 4);
      if (end > rest.length) break;
      const stream = rest[at] === 2 ? 'stderr' : 'stdout';
      yield { stream, bytes: rest.subarray(at + HEADER, end) };
      at = end;
    }
    rest = rest.subarray(at);
  }
}
