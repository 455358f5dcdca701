import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openLogReader } from './read-log.ts';
import { SEGMENT_BYTES } from './segment.ts';
import { openSegmentWriter } from './segment-writer.ts';
import type { SegmentWriter, SegmentWriterOptions } from './segment-writer.ts';

const usual: SegmentWriterOptions = { budgetBytes: 2 ** 30, masked: [] };

function openFolder(t: { after(end: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'grid-segments-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function readAll(directory: string): Promise<string[]> {
  const source = { id: 'one', directory, instanceId: 'one', deploymentId: 'deployment' };
  const reader = openLogReader(source);
  const lines: string[] = [];
  while (!reader.ended()) lines.push(...(await reader.read()).map(({ text }) => text));
  return lines;
}

const segmentsOf = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .toSorted();

/** All that is there, as it is. */
const contentOf = (directory: string): string[] =>
  segmentsOf(directory).map((name) => `${name} ${readFileSync(join(directory, name), 'hex')}`);

const writeText = (writer: SegmentWriter, text: string, stream: 1 | 2 = 1): void =>
  writer.write(stream, 1, Buffer.from(text));

test('what is written is read, the end of the last line too', async (t) => {
  const directory = openFolder(t);
  const writer = openSegmentWriter(directory, usual);
  writeText(writer, 'one\ntwo');
  writer.say('said', 2);
  writer.close();
  assert.deepEqual((await readAll(directory)).toSorted(), ['one', 'said', 'two']);
  assert.equal(readFileSync(join(directory, 'closed'), 'utf8'), '{"droppedBytes":0}');
});

test('secrets of eight characters and more are hidden, also where they come in pieces', async (t) => {
  const directory = openFolder(t);
  const masked = ['hunter22', 'hunter22-and-more', 'short', 'first line\nok\nsecond line'];
  const writer = openSegmentWriter(directory, { ...usual, masked });
  writeText(writer, 'it is hun');
  writeText(writer, 'else\n', 2);
  writeText(writer, 'ter22, hunter22-and-more\nshort ok\n');
  writeText(writer, 'a first line\nsecond li');
  writeText(writer, 'ne hunter22');
  writer.close();
  assert.deepEqual(await readAll(directory), [
    'else',
    'it is ***, ***',
    'short ok',
    'a ***',
    '*** ***',
  ]);
});

test('of secrets that overlap nothing is left', async (t) => {
  const directory = openFolder(t);
  const masked = ['abcdefgh', 'fghijklmnop', 'cdefghij'];
  const writer = openSegmentWriter(directory, { ...usual, masked });
  writeText(writer, '<abcdefghijklmnop>abcdefghabcdefgh\n');
  writer.close();
  assert.deepEqual(await readAll(directory), ['<***>******']);
});

test('a line without an end is written on while it is masked, its secrets hidden', async (t) => {
  const directory = openFolder(t);
  const writer = openSegmentWriter(directory, { ...usual, masked: ['0123456789'] });
  for (let number = 0; number < 40; number += 1) {
    writeText(writer, `${'x'.repeat(9_995)}01234`);
    writeText(writer, '56789');
    assert.ok(writer.held(1) <= 64 * 1024);
  }
  writer.close();
  const text = (await readAll(directory)).join('');
  assert.equal(text, `${'x'.repeat(9_995)}***`.repeat(40));
});

test('of a line that a carriage return takes back its last state is kept', async (t) => {
  const directory = openFolder(t);
  const writer = openSegmentWriter(directory, usual);
  for (let percent = 0; percent <= 100; percent += 1) writeText(writer, `\r${percent}%`, 2);
  writeText(writer, 'other\n');
  writeText(writer, '\n', 2);
  for (const part of ['one\rtwo\r', '\nCRLF\r', '\n\r\r\nkilled 1\rkilled 2'])
    writeText(writer, part);
  writer.flush();
  assert.ok(writer.position().offset < 200);
  writer.close();
  assert.deepEqual(await readAll(directory), ['other', '100%', 'two', 'CRLF', '', 'killed 2']);
});

test('what has no end is written behind what came after it', async (t) => {
  const directory = openFolder(t);
  const writer = openSegmentWriter(directory, usual);
  writer.write(2, 1, Buffer.from('prompt'));
  writer.write(1, 5, Buffer.from('line\n'));
  writer.close();
  const source = { id: 'one', directory, instanceId: 'one', deploymentId: 'deployment' };
  const lines = await openLogReader(source).read();
  assert.deepEqual(
    [...lines, ...(await openLogReader(source, lines[0]?.next).read())].map(({ at, text }) => [
      at,
      text,
    ]),
    [
      [5, 'line'],
      [5, 'prompt'],
    ],
  );
});

test('a budget removes the oldest segments', async (t) => {
  const directory = openFolder(t);
  const limits = { segmentBytes: 1000, keepFree: 0 };
  const writer = openSegmentWriter(directory, { ...usual, budgetBytes: 5000 }, limits);
  for (let number = 0; number < 100; number += 1)
    writeText(writer, `${String(number).padStart(99, '0')}\n`);
  writer.close();
  assert.equal(segmentsOf(directory).length, 5);
  assert.equal(segmentsOf(directory).at(-1), '00000012.log');
  const lines = await readAll(directory);
  assert.match(lines[0] ?? '', /of older output were removed here/);
  assert.equal(Number(lines.at(-1)), 99);
});

test('on a disk that is nearly full lines are counted and not kept, and that is said', async (t) => {
  const directory = openFolder(t);
  const limits = { segmentBytes: SEGMENT_BYTES, keepFree: 0 };
  const writer = openSegmentWriter(directory, usual, limits);
  const writeWhere = (keepFree: number, text: string): void => {
    limits.keepFree = keepFree;
    writeText(writer, text);
    writer.flush();
  };
  writeWhere(0, 'before\n');
  writeWhere(2, `${'x'.repeat(999)}\n`);
  writeWhere(2, `${'y'.repeat(233)}\n`);
  const from = writer.position();
  writer.leave();
  const again = openSegmentWriter(directory, { ...usual, from }, limits);
  limits.keepFree = 0;
  writeText(again, 'after\n');
  again.flush();
  limits.keepFree = 2;
  writeText(again, 'end\n');
  again.flush();
  limits.keepFree = 0;
  again.close();
  const lines = (await readAll(directory)).map((line) => line.replace(/ bytes of .*/, ' lost'));
  assert.deepEqual(lines, ['before', '1234 lost', 'after', '4 lost']);
  assert.equal(readFileSync(join(directory, 'closed'), 'utf8'), '{"droppedBytes":1238}');
});

test('a frame that did not fit on the disk leaves nothing that a reader stumbles over', async (t) => {
  const directory = openFolder(t);
  const program = `
    process.on('SIGXFSZ', () => undefined);
    const { openSegmentWriter } = await import(process.argv[1]);
    const writer = openSegmentWriter(process.argv[2], { budgetBytes: 2 ** 30, masked: [] });
    for (const text of ['one\\n', 'x'.repeat(1000) + '\\n', 'two\\n']) {
      writer.write(1, 1, Buffer.from(text));
      writer.flush();
    }
    process.stdout.write(JSON.stringify(writer.position()));`;
  const limited = ['-c', 'ulimit -f 1; exec "$@"', 'sh', process.execPath];
  const run = [...limited, '--input-type=module', '-e', program];
  const module = join(import.meta.dirname, 'segment-writer.ts');
  // what it compiles would not fit, either
  const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
  const from = JSON.parse(
    execFileSync('sh', [...run, module, directory], { encoding: 'utf8', env }),
  ) as ReturnType<SegmentWriter['position']>;
  const writer = openSegmentWriter(directory, { ...usual, from });
  writeText(writer, 'three\n');
  writer.close();
  const lines = await readAll(directory);
  assert.deepEqual(
    lines.filter((line) => !/^100[15] bytes/.test(line)),
    ['one', 'two', 'three'],
  );
  assert.equal(lines.length, 4);
});

type Piece = { stream: 1 | 2; at: number; text: string };

/** What a writer holds back of a stream that had these pieces. */
function heldOf(writer: SegmentWriter, stream: 1 | 2, pieces: readonly Piece[]): Piece[] {
  const mine = pieces.filter((piece) => piece.stream === stream);
  const held = writer.held(stream);
  const text = mine.map((piece) => piece.text).join('');
  const at = mine.at(-1)?.at ?? 0;
  return held === 0 ? [] : [{ stream, at, text: text.slice(text.length - held) }];
}

test('opened at a position it writes what comes after as if nothing had happened', (t) => {
  const text = fc
    .stringMatching(/^[abSR\n]{1,30}$/)
    .map((one) => one.replaceAll('S', 'secret-value').replaceAll('R', '\r'));
  const piece = fc.record({ stream: fc.constantFrom<(1 | 2)[]>(1, 2), at: fc.nat(), text });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1 }), fc.nat(), fc.nat(), (pieces, cut, more) => {
      const [whole, resumed] = [openFolder(t), openFolder(t)];
      const limits = { segmentBytes: 200, keepFree: 0 };
      const writeAll = (writer: SegmentWriter, some: typeof pieces): void => {
        for (const { stream, at, text } of some) writer.write(stream, at, Buffer.from(text));
      };
      const one = openSegmentWriter(whole, usual, limits);
      writeAll(one, pieces);
      one.close();

      const at = cut % (pieces.length + 1);
      const first = openSegmentWriter(resumed, usual, limits);
      writeAll(first, pieces.slice(0, at));
      const from = first.position();
      const again = ([1, 2] as const).map((stream) => heldOf(first, stream, pieces.slice(0, at)));
      writeAll(first, pieces.slice(at, at + (more % 5)));
      first.flush();
      first.leave();
      const second = openSegmentWriter(resumed, { ...usual, from }, limits);
      writeAll(second, [...again.flat(), ...pieces.slice(at)]);
      second.close();
      assert.deepEqual(contentOf(resumed), contentOf(whole));
    }),
    { numRuns: 60 },
  );
});

test('where a segment is shorter than it was, another begins', async (t) => {
  const directory = openFolder(t);
  const first = openSegmentWriter(directory, usual);
  writeText(first, 'one\n');
  const { segment, offset } = first.position();
  first.leave();
  const from = { segment, offset: offset + 10, dropped: 0, untold: 0, at: 0 };
  const writer = openSegmentWriter(directory, { ...usual, from });
  writeText(writer, 'two\n');
  writer.close();
  assert.deepEqual(segmentsOf(directory), ['00000001.log', '00000002.log']);
  assert.deepEqual(await readAll(directory), ['one', 'two']);
});
