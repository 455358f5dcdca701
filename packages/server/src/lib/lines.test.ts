import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { linesOf } from './lines.ts';

async function read(pieces: readonly Buffer[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(Readable.from(pieces))) lines.push(line);
  return lines;
}

test('a line ends at its newline and nowhere else, however the stream is cut', async () => {
  const unit = fc.constantFrom('a', 'é', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029', '\0');
  const text = fc.string({ unit, minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      assert.deepEqual(await read(pieces), lines);
    }),
  );
});

test('the last line may have no end', async () => {
  assert.deepEqual(await read([Buffer.from('one\ntw'), Buffer.from('o')]), ['one', 'two']);
});
