import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HEADER, encodeFrame, framed, jsonLines, segmentName, segmentNumber } from './segment.ts';

const frame = fc.record({
  at: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  stream: fc.integer({ min: 0, max: 2 }),
  bytes: fc.uint8Array({ maxLength: 300 }),
});

test('what is encoded is decoded, and a torn tail is left for later', () => {
  fc.assert(
    fc.property(fc.array(frame), fc.nat(), (frames, cut) => {
      const encoded = frames.map(({ at, stream, bytes }) => encodeFrame(at, stream, bytes));
      const whole = Buffer.concat(encoded);
      const torn = whole.subarray(0, whole.length === 0 ? 0 : cut % (whole.length + 1));
      const { frames: found, used } = framed.decode(torn, 1000);
      const expected = frames.slice(0, found.length);
      assert.deepEqual(
        found.map(({ at, stream, bytes }) => ({ at, stream, bytes: Uint8Array.from(bytes) })),
        expected.map(({ at, stream, bytes }) => ({ at, stream, bytes: Uint8Array.from(bytes) })),
      );
      const lengths = encoded.slice(0, found.length).reduce((sum, one) => sum + one.length, 0);
      assert.equal(used, lengths);
      assert.ok(torn.length - used < (encoded[found.length]?.length ?? 1));
    }),
  );
});

test('a frame says where its bytes begin in the segment', () => {
  const two = Buffer.concat([
    encodeFrame(1, 1, Buffer.from('ab')),
    encodeFrame(2, 2, Buffer.from('c')),
  ]);
  const offsets = framed.decode(two, 100).frames.map(({ offset }) => offset);
  assert.deepEqual(offsets, [100 + HEADER, 100 + HEADER + 2 + HEADER]);
});

test('only the names of segments are segments', () => {
  assert.equal(segmentNumber(segmentName(12)), 12);
  for (const name of ['closed', '1.log', '00000001.log.new', 'x00000001.log'])
    assert.equal(segmentNumber(name), undefined);
  assert.equal(segmentNumber(segmentName(12, jsonLines), jsonLines), 12);
  for (const name of [segmentName(12), 'closed', '00000001.jsonl.new', 'x00000001.jsonl'])
    assert.equal(segmentNumber(name, jsonLines), undefined);
});
