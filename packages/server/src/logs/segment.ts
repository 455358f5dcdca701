/**
 * A segment is a row of frames: 8 bytes time (epoch ms), 1 byte stream, 4 bytes length, all big
 * endian, then the bytes as they came. Writers append; a reader takes whole frames only, so that a
 * torn tail is not yet there.
 */
export const HEADER = 13;
export const SEGMENT_BYTES = 16 * 1024 * 1024;
/** The file beside segments that holds, as a frame of each stream, the lines that have not ended. */
export const UNENDED = 'unended';

export type Frame = {
  at: number;
  /** Index into `streams`. */
  stream: number;
  bytes: Buffer;
  /** Where the bytes begin in the segment. */
  offset: number;
};

/** How a source is written: what its segments are called, and how they are taken apart. */
export type Format = {
  extension: string;
  /** The whole frames of `buffer`, which begins at `base` in its segment; the rest is left over. */
  decode(buffer: Buffer, base: number): { frames: Frame[]; used: number };
};

export const framed: Format = { extension: 'log', decode: decodeFrames };
/** Lines of JSON, as the router writes them: bytes of which nothing more is known before they are parsed. */
export const jsonLines: Format = {
  extension: 'jsonl',
  decode: (bytes, offset) => ({
    frames: bytes.length === 0 ? [] : [{ at: 0, stream: 1, bytes, offset }],
    used: bytes.length,
  }),
};

export const segmentName = (number: number, { extension }: Format = framed): string =>
  `${String(number).padStart(8, '0')}.${extension}`;

/** The number of a segment's file, or undefined for another file. */
export function segmentNumber(name: string, { extension }: Format = framed): number | undefined {
  const [, digits] = new RegExp(`^(\\d{8})\\.${extension}$`).exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export function encodeFrame(at: number, stream: number, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeBigUInt64BE(BigInt(at), 0);
  header.writeUInt8(stream, 8);
  header.writeUInt32BE(bytes.length, 9);
  return Buffer.concat([header, bytes]);
}

function decodeFrames(buffer: Buffer, base: number): { frames: Frame[]; used: number } {
  const frames: Frame[] = [];
  let used = 0;
  while (buffer.length - used >= HEADER) {
    const length = buffer.readUInt32BE(used + 9);
    const end = used + HEADER + length;
    if (end > buffer.length) break;
    frames.push({
      at: Number(buffer.readBigUInt64BE(used)),
      stream: buffer.readUInt8(used + 8),
      bytes: buffer.subarray(used + HEADER, end),
      offset: base + used + HEADER,
    });
    used = end;
  }
  return { frames, used };
}
