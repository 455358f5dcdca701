import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openLogReader } from '../../../logs/read-log.ts';
import { createMessageReader } from './log-messages.ts';
import { askSince } from './log-position.ts';
import { createTimeReader, parsePrinted, printTime } from './log-time.ts';
import { openTransfer, planTransfer } from './log-transfer.ts';
import type { LogPlace } from './log-transfer.ts';

type Message = { stream: 1 | 2; nanoseconds: bigint; text: string };

/** As long as the engine's buffer, in small. */
const PIECE = 4096;
const START = 1_700_000_000n * 1_000_000_000n;

/** As the engine prints it, in a zone of its own choice. */
function printZoned(nanoseconds: bigint, zone: 'Z' | '+02:00'): string {
  const shifted = Number(nanoseconds / 1_000_000_000n) + (zone === 'Z' ? 0 : 7200);
  const second = new Date(shifted * 1000).toISOString().slice(0, 19);
  return `${second}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}${zone}`;
}

function encode({ stream, nanoseconds, text }: Message): Buffer {
  const body = Buffer.from(`${printZoned(nanoseconds, stream === 1 ? 'Z' : '+02:00')} ${text}`);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

const toNanoseconds = (printed: string): bigint => BigInt(printed.replace('.', ''));

/** What the engine sends of its log where it is asked from a time on. */
const sendSince = (log: readonly Message[], since: string | undefined): Buffer =>
  Buffer.concat(
    log.filter((one) => since === undefined || one.nanoseconds >= toNanoseconds(since)).map(encode),
  );

const cutUp = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
};

type Line = { stream: 1 | 2; pause: number; pieces: string[] };

/** As the engine writes it: the pieces of a line have one time, and other lines may be between them. */
function writeLog(lines: readonly Line[], order: readonly boolean[]): Message[] {
  const queues: Record<1 | 2, Message[]> = { 1: [], 2: [] };
  let now = START;
  for (const { stream, pause, pieces } of lines) {
    now += BigInt(pause);
    const messages = pieces.map((text) => ({ stream, nanoseconds: now, text }));
    queues[stream].push(...messages);
  }
  const log: Message[] = [];
  for (let turn = 0; queues[1].length + queues[2].length > 0; turn += 1) {
    const first = order[turn % order.length] === true ? queues[1] : queues[2];
    const next = first.shift() ?? queues[1].shift() ?? queues[2].shift();
    if (next !== undefined) log.push(next);
  }
  return log;
}

const text = fc
  .stringMatching(/^[abSR]{0,6}$/)
  .map((one) => one.replaceAll('S', 'secret-value').replaceAll('R', '\r'));
const line: fc.Arbitrary<Line> = fc.record({
  stream: fc.constantFrom<(1 | 2)[]>(1, 2),
  pause: fc.constantFrom(0, 0, 1, 400_000_000),
  pieces: fc
    .tuple(
      fc.array(
        text.filter((one) => one !== ''),
        { maxLength: 3 },
      ),
      text,
    )
    .map(([pieces, last]) => [...pieces.map((one) => one.padEnd(PIECE, '.')), `${last}\n`]),
});

function openPlace(t: { after(end: () => void): void }): LogPlace {
  const folder = mkdtempSync(join(tmpdir(), 'grid-transfer-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [directory, positionFile] = [join(folder, 'log'), join(folder, 'position')];
  return { directory, positionFile, budgetMiB: 64 };
}

const contentOf = ({ directory }: LogPlace): string[] =>
  readdirSync(directory)
    .toSorted()
    .map((name) => `${name} ${readFileSync(join(directory, name), 'latin1')}`);

/** One life of a transfer: it takes some chunks, saves now and then, and is gone. */
function live(
  place: LogPlace,
  log: readonly Message[],
  life: {
    masked: readonly string[];
    sizes: number[];
    chunks: number;
    saveEvery: number;
    log?: Message[];
  },
): void {
  const from = planTransfer('one', place.positionFile);
  if (from === undefined) return;
  const transfer = openTransfer(place, { masked: life.masked, from });
  const chunks = cutUp(sendSince(log, askSince(from)), life.sizes);
  for (const [index, chunk] of chunks.slice(0, life.chunks).entries()) {
    if (transfer.take(chunk) === 'again') {
      transfer.save();
      transfer.leave();
      live(place, life.log ?? log, life);
      return;
    }
    if (index % life.saveEvery === 0) transfer.save();
  }
  if (life.chunks >= chunks.length) transfer.conclude();
  transfer.leave();
}

test('however it is cut up and killed, the same bytes are written', (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 4 });
  const life = fc.record({ sizes, chunks: fc.nat(12), saveEvery: fc.integer({ min: 1, max: 4 }) });
  const masked = fc.constantFrom([], ['secret-value']);
  const lines = fc.array(line, { minLength: 1, maxLength: 20 });
  const order = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(lines, order, masked, fc.array(life), (lines, order, masked, lives) => {
      // the engine's own order is no more than two seconds off
      fc.pre(lines.reduce((sum, { pause }) => sum + pause, 0) < 2_000_000_000);
      const log = writeLog(lines, order);
      const [whole, killed] = [openPlace(t), openPlace(t)];
      const all = { masked, sizes: [2 ** 20], chunks: 2 ** 20, saveEvery: 1 };
      live(whole, log, all);
      for (const life of lives) live(killed, log, { ...life, masked });
      live(killed, log, all);
      assert.deepEqual(contentOf(killed), contentOf(whole));
    }),
    { numRuns: 300 },
  );
});

test('a long line that is masked is written in pieces, once, though it is begun again', (t) => {
  const piece = `${'x'.repeat(4 * PIECE - 12)}secret-value`;
  const log = Array.from({ length: 30 }, (_, index): Message => {
    const nanoseconds = START;
    return { stream: 1, nanoseconds, text: index === 29 ? 'end\n' : piece };
  });
  const place = openPlace(t);
  const life = { masked: ['secret-value'], sizes: [40_000], saveEvery: 1 };
  for (const chunks of [3, 5, 0, 4, 99]) live(place, log, { ...life, chunks });
  const whole = openPlace(t);
  live(whole, log, { ...life, chunks: 99 });
  assert.deepEqual(contentOf(place), contentOf(whole));
  assert.equal(contentOf(place).join('').split('***').length, 30);
});

test('a long line whose newline the engine did not keep is another than the next', async (t) => {
  const place = openPlace(t);
  const bar = ['1'.repeat(PIECE), '\r100%', '\r  0%', '\r 99%\n'];
  const long = ['x'.repeat(PIECE), '', 'next\n', 'end'];
  const log = [...bar, ...long].map((text): Message => ({ stream: 1, nanoseconds: START, text }));
  for (const chunks of [2, 6, 99])
    live(place, log, { masked: [], sizes: [PIECE], chunks, saveEvery: 1 });
  const source = { id: 'one', directory: place.directory, instanceId: 'one', deploymentId: '' };
  const reader = openLogReader(source);
  const texts: string[] = [];
  for (let some = await reader.read(); some.length > 0; some = await reader.read())
    texts.push(...some.map(({ text }) => text));
  assert.deepEqual(texts, ['100%', '  0%', ' 99%', 'x'.repeat(PIECE), 'next', 'end']);
});

test('lines that a clock gave earlier times than others before them are had once', (t) => {
  const times = [5, 5, 3, 4, 5, 6].map((second) => START + BigInt(second) * 1_000_000_000n);
  const log = times.map((nanoseconds, index): Message => ({
    stream: 1,
    nanoseconds,
    text: `${index}\n`,
  }));
  const [place, whole] = [openPlace(t), openPlace(t)];
  const life = {
    masked: [],
    sizes: [encode({ stream: 1, nanoseconds: START, text: '0\n' }).length],
  };
  for (const chunks of [1, 2, 3, 4, 99]) live(place, log, { ...life, chunks, saveEvery: 1 });
  live(whole, log, { ...life, chunks: 99, saveEvery: 1 });
  assert.deepEqual(contentOf(place), contentOf(whole));
});

test('what the engine sends again when it begins a new file is had once', (t) => {
  const log = Array.from({ length: 20 }, (_, index): Message => {
    const nanoseconds = START + BigInt(index) * 1_000_000n;
    return { stream: index % 3 === 0 ? 2 : 1, nanoseconds, text: `${index}\n` };
  });
  const [place, whole] = [openPlace(t), openPlace(t)];
  const life = { masked: [], sizes: [77], chunks: 99, saveEvery: 1 };
  live(whole, log, life);
  live(place, [...log.slice(0, 15), ...log.slice(4, 18), ...log.slice(4)], { ...life, log });
  assert.deepEqual(contentOf(place), contentOf(whole));
  const last = openPlace(t);
  live(last, [...log.slice(0, 15), ...log.slice(14)], { ...life, log });
  assert.deepEqual(contentOf(last), contentOf(whole), 'the last alone');
});

test('another container of the instance goes on behind the first, and that is not begun again', (t) => {
  const place = openPlace(t);
  const say = (containerId: string, text: string): void => {
    const from = planTransfer(containerId, place.positionFile);
    if (from === undefined) return;
    const transfer = openTransfer(place, { masked: [], from });
    transfer.take(encode({ stream: 1, nanoseconds: START, text }));
    transfer.conclude();
    transfer.leave();
  };
  for (const id of ['one', 'two', 'one', 'three', 'two']) say(id, `<${id}>`);
  assert.deepEqual(contentOf(place).join('').match(/<\w+>/g), ['<one>', '<two>', '<three>']);
});

test('what is no message is not written as one', () => {
  const refuse = (): never => assert.fail('it was taken for one');
  const read = (bytes: Buffer): void =>
    createMessageReader({ message: refuse, trouble: refuse })(bytes);
  assert.throws(() => read(Buffer.from('\u0001\0\0\0\0\0\0\u0006hello!')), /no log message/);
  assert.throws(() => read(Buffer.from('<html>….............')), /no log message/);
});

test('times are read with any fraction and zone', () => {
  const readTime = createTimeReader();
  const read = (text: string): string | undefined => {
    const time = readTime(Buffer.from(text), 0, Buffer.byteLength(text));
    return time && printTime(time);
  };
  assert.equal(read('2023-11-14T22:13:20.000000001Z'), '1700000000.000000001');
  assert.equal(read('2023-11-14T22:13:20.5Z'), '1700000000.500000000');
  assert.equal(read('2023-11-14T22:13:20Z'), '1700000000.000000000');
  assert.equal(read('2023-11-15T00:13:20.25+02:00'), '1700000000.250000000');
  assert.equal(read('2023-11-15T00:13:20.25Z'), '1700007200.250000000');
  assert.equal(read('2023-11-15 or so, at noon'), undefined);
  assert.deepEqual(parsePrinted('12.000000003'), { seconds: 12, nanoseconds: 3 });
});
