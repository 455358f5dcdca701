/**
 * A segment is a row of frames: 8 bytes time (epoch ms), 1 byte stream, 4 bytes length, all big
 * endian, then the bytes as they came. Writers append; a reader takes whole frames only, so that a
 * torn tail is not yet there.
 */
export const HEADER = 13;
export const SEGMENT_BYTES = 16 * 1024 * 1024;

export type Frame = {
  at: number;
  /** Index into `streams`. */
  stream: number;
  bytes: Buffer;
  /** Where the bytes begin in the segment. */
  offset: number;
};

export const segmentName = (number: number): string => `${String(number).padStart(8, '0')}.log`;

/** The number of a segment's file, or undefined for another file. */
export function segmentNumber(name: string): number | undefined {
  const [, digits] = /^(\d{8})\.log$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export function encodeFrame(at: number, stream: number, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeBigUInt64BE(BigInt(at), 0);
  header.writeUInt8(stream, 8);
  header.writeUInt32BE(bytes.length, 9);
  return Buffer.concat([header, bytes]);
}

/** The whole frames of `buffer`, which begins at `base` in its segment; the rest is left over. */
export function decodeFrames(buffer: Buffer, base: number): { frames: Frame[]; used: number } {
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
