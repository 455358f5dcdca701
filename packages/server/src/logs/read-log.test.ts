import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { openLogReader } from './read-log.ts';
import type { LogReader, ReadLine } from './read-log.ts';
import { encodeFrame, segmentName } from './segment.ts';

const [PLATFORM, OUT, ERR] = [0, 1, 2];

function openFolder(t: { after(end: () => void): void }) {
  const directory = mkdtempSync(join(tmpdir(), 'grid-log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const source = { id: 'one', directory, instanceId: 'one', deploymentId: 'deployment' };
  return {
    directory,
    source,
    write(bytes: string | Buffer, { at = 1, stream = OUT, segment = 1 } = {}): void {
      const frame = encodeFrame(at, stream, Buffer.from(bytes));
      appendFileSync(join(directory, segmentName(segment)), frame);
    },
    close: () => writeFileSync(join(directory, 'closed'), '{"droppedBytes":0}'),
  };
}

async function readAll(reader: LogReader): Promise<ReadLine[]> {
  const lines: ReadLine[] = [];
  for (;;) {
    const more = await reader.read();
    if (more.length === 0) return lines;
    lines.push(...more);
  }
}

const texts = (lines: readonly ReadLine[]): string[] => lines.map(({ text }) => text);

test('frames are chunks: a line may come in several, and several in one', async (t) => {
  const log = openFolder(t);
  log.write('one\ntw', { at: 10 });
  log.write('error\n', { at: 11, stream: ERR });
  log.write('o\nthree\r\n', { at: 12 });
  const lines = await readAll(openLogReader(log.source));
  assert.deepEqual(
    lines.map(({ at, stream, text }) => [at, stream, text]),
    [
      [10, 'stdout', 'one'],
      [11, 'stderr', 'error'],
      [10, 'stdout', 'two'],
      [12, 'stdout', 'three'],
    ],
  );
});

test('of what a carriage return took back nothing is left, also in logs that were written with it', async (t) => {
  const log = openFolder(t);
  log.write('\r 1%\r 2%');
  log.write('\r 3%\r');
  log.write('\nplain\r\n\r\r\r\na\rb\n');
  const lines = await readAll(openLogReader(log.source));
  assert.deepEqual(texts(lines), [' 3%', 'plain', '', 'b']);
});

test('a line without its end waits for it, until the log is closed', async (t) => {
  const log = openFolder(t);
  log.write('no end');
  const reader = openLogReader(log.source);
  assert.deepEqual(await reader.read(), []);
  assert.equal(reader.ended(), false);
  log.close();
  assert.deepEqual(texts(await reader.read()), ['no end']);
  assert.equal(reader.ended(), true);
  assert.deepEqual(await reader.read(), []);
});

test('bytes that are no UTF-8 are shown as such, and the lines around them are whole', async (t) => {
  const log = openFolder(t);
  log.write(Buffer.from([0x61, 0xff, 0xfe, 0x0a, 0x62, 0x0a]));
  assert.deepEqual(texts(await readAll(openLogReader(log.source))), ['a\uFFFD\uFFFD', 'b']);
});

test('a very long line is split between characters, and nothing of it is lost', async (t) => {
  const log = openFolder(t);
  const text = `x${'é'.repeat(100_000)}`;
  for (let at = 0; at < text.length; at += 30_001) log.write(text.slice(at, at + 30_001));
  log.write('\nnext\n');
  const lines = texts(await readAll(openLogReader(log.source)));
  assert.equal(lines.at(-1), 'next');
  assert.equal(lines.slice(0, -1).join(''), text);
  assert.ok(lines.every((line) => Buffer.byteLength(line) <= 64 * 1024));
});

test('a line goes on in the next segment', async (t) => {
  const log = openFolder(t);
  log.write('be');
  log.write('gin\nlast\n', { segment: 2 });
  assert.deepEqual(texts(await readAll(openLogReader(log.source))), ['begin', 'last']);
});

test('a torn frame at the end of a segment keeps nobody from the next one', async (t) => {
  const log = openFolder(t);
  log.write('one\n');
  appendFileSync(
    join(log.directory, segmentName(1)),
    encodeFrame(1, OUT, Buffer.from('lost')).subarray(0, 15),
  );
  log.write('two\n', { segment: 2 });
  assert.deepEqual(texts(await readAll(openLogReader(log.source))), ['one', 'two']);
});

test('segments that were removed are told once, with their size and the time of what follows', async (t) => {
  const log = openFolder(t);
  log.write('four\n', { segment: 4, at: 40 });
  const lines = await readAll(openLogReader(log.source));
  assert.deepEqual(
    lines.map(({ at, stream }) => [at, stream]),
    [
      [40, 'platform'],
      [40, 'stdout'],
    ],
  );
  assert.match(lines[0]?.text ?? '', /^About 48 MiB of older output were removed here/);
  const again = await readAll(openLogReader(log.source, lines[0]?.next));
  assert.deepEqual(texts(again), ['four']);
});

test('of a log that a budget removed as a whole its reader is told', async (t) => {
  const log = openFolder(t);
  log.close();
  const lines = await readAll(openLogReader(log.source));
  assert.match(texts(lines).join(), /^The output was removed here/);
  assert.ok((lines[0]?.at ?? 0) > 1_700_000_000_000);
});

/** Chunks of lines on all streams over several segments, and where a reader is interrupted. */
const writing = fc.record({
  chunks: fc.array(
    fc.record({
      text: fc.string({ unit: fc.constantFrom('a', 'é', '\n', '🙂'), maxLength: 12 }),
      stream: fc.constantFrom(PLATFORM, OUT, ERR),
      segment: fc.constantFrom(0, 0, 0, 1),
    }),
    { maxLength: 20 },
  ),
  stopAfter: fc.nat(30),
});

test('a reader that goes on from any line sees each of the others once', async (t: TestContext) => {
  await fc.assert(
    fc.asyncProperty(writing, async ({ chunks, stopAfter }) => {
      const ends: (() => void)[] = [];
      const log = openFolder({ after: (end) => ends.push(end) });
      let segment = 1;
      log.write('');
      for (const chunk of chunks) {
        segment += chunk.segment;
        log.write(chunk.text, { stream: chunk.stream ?? OUT, segment });
      }
      log.close();
      const all = await readAll(openLogReader(log.source));
      const first = all.slice(0, stopAfter);
      const rest = await readAll(openLogReader(log.source, first.at(-1)?.next));
      for (const end of ends) end();
      assert.deepEqual(
        [...first, ...rest].map(({ stream, text }) => `${stream} ${text}`).toSorted(),
        all.map(({ stream, text }) => `${stream} ${text}`).toSorted(),
      );
    }),
    { numRuns: 200 },
  );
  t.diagnostic('lines of different streams may change places, none is lost or doubled');
});

test('a reader that goes on does not read again what its silent streams never had', async (t) => {
  const log = openFolder(t);
  log.write('one\n', { segment: 4 });
  const [, last] = await readAll(openLogReader(log.source));
  assert.ok(last?.next.every((where) => where === last.next[1]));
});
