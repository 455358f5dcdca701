import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTxtReader } from './read-txt.ts';

/** The name that a query (RFC 1035 §4.1) asks for. */
function nameOf(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; (query[at] ?? 0) > 0; at += 1 + (query[at] ?? 0))
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  return labels.join('.');
}

/** The answer with these texts, in parts of at most eight letters. */
function answerTo(query: Buffer, texts: readonly string[]): Buffer {
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(texts.length === 0 ? 0x81_83 : 0x81_80, 2);
  head.writeUInt16BE(texts.length, 6);
  head.fill(0, 8);
  const question = query.subarray(12, 12 + nameOf(query).length + 6);
  const records = texts.map((text) => {
    const parts = (text.match(/.{1,8}/g) ?? []).flatMap((part) => [
      part.length,
      ...Buffer.from(part),
    ]);
    const fixed = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, parts.length]);
    return Buffer.concat([fixed, Buffer.from(parts)]);
  });
  return Buffer.concat([head, question, ...records]);
}

/** A DNS server of this process; it says nothing of names that it does not know at all. */
async function serveDns(t: TestContext, zone: Record<string, readonly string[]>): Promise<string> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.on('message', (query, { port, address }) => {
    const texts = zone[nameOf(query)];
    if (texts !== undefined) socket.send(answerTo(query, texts), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return `127.0.0.1:${socket.address().port}`;
}

test('the texts of all names are read, whole; a name without any has none', async (t) => {
  const server = await serveDns(t, {
    '_clever-grid.a.example.com': [],
    '_clever-grid.example.com': ['clever-grid=orga_1', 'something else'],
  });
  const read = createTxtReader({ servers: [server] });
  const found = await read(['_clever-grid.a.example.com', '_clever-grid.example.com']);
  assert.deepEqual([...found].toSorted(), ['clever-grid=orga_1', 'something else']);
});

test('a server that does not answer is waited for no longer than the deadline', async (t) => {
  const server = await serveDns(t, { '_clever-grid.example.com': ['clever-grid=orga_1'] });
  const read = createTxtReader({ servers: [server], withinMs: 50 });
  assert.deepEqual(await read(['silent.example.com']), []);
});

test('more names at a time than can be asked for are refused', async (t) => {
  const server = await serveDns(t, {});
  const read = createTxtReader({ servers: [server], withinMs: 50 });
  const all = await Promise.allSettled(Array.from({ length: 30 }, () => read(['a.example.com'])));
  const refused = all.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 10);
});
