import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { holdLines, secretsIn } from './hold-lines.ts';

/** How many bytes of buffers are made while this runs. */
function bytesMade(t: TestContext, work: () => void): number {
  const { concat, from, allocUnsafe } = Buffer;
  let made = 0;
  const counted =
    <Args extends unknown[]>(make: (...args: Args) => Buffer) =>
    (...args: Args): Buffer => {
      const buffer = make.apply(Buffer, args);
      made += buffer.length;
      return buffer;
    };
  t.mock.method(Buffer, 'concat', counted(concat));
  t.mock.method(Buffer, 'from', counted(from as (bytes: Buffer) => Buffer));
  t.mock.method(Buffer, 'allocUnsafe', counted(allocUnsafe));
  work();
  t.mock.restoreAll();
  return made;
}

for (const [what, byte] of [
  ['text', '.'],
  ['carriage returns', '\r'],
] as const)
  test(`a line that comes byte by byte is not copied with each: ${what}`, (t) => {
    const lines = holdLines([]);
    const one = Buffer.from(byte);
    lines.feed(Buffer.alloc(50_000, 'x'));
    const made = bytesMade(t, () => {
      for (let count = 0; count < 10_000; count += 1) lines.feed(one);
    });
    assert.ok(made < 500_000, `${made} bytes`);
    assert.equal(lines.held(), 60_000);
  });

test('what a carriage return takes back is the same in whatever pieces it comes', () => {
  const said = 'one\rtwo\r\rthree\r\nfour\r\r\n\r\nfi\rve\r\r';
  const kept = (size: number): string[] => {
    const lines = holdLines([]);
    const out: string[] = [];
    for (let at = 0; at < said.length; at += size)
      out.push(String(lines.feed(Buffer.from(said.slice(at, at + size)))));
    return [out.join(''), String(lines.state()), String(lines.release())];
  };
  for (let size = 1; size <= said.length; size += 1)
    assert.deepEqual(kept(size), ['\rthree\r\nfour\r\r\n\r\n', 've', '\rve\r\r\n'], `by ${size}`);
});

test('a secret that is longer than the longest line is hidden, whatever it comes in', () => {
  for (const size of [30_000, 65_537, 200_000]) {
    const secret = `${'S'.repeat(10)}${'x'.repeat(100_000)}`;
    const lines = holdLines(secretsIn([secret]));
    const said = Buffer.from(`a${secret}b${secret}c`);
    let out = '';
    for (let at = 0; at < said.length; at += size)
      out += String(lines.feed(said.subarray(at, at + size)));
    assert.equal(out + String(lines.release()), 'a***b***c\n', `by ${size}`);
  }
});

test('of many secrets no length of a long one is tried in vain', (t) => {
  const short = Array.from({ length: 200 }, (_, number) => `${number}-secret`);
  const lines = holdLines(secretsIn([...short, 'y'.repeat(5000)]));
  lines.feed(Buffer.from(`${'x'.repeat(4000)}17-sec`));
  const looks = [
    t.mock.method(Buffer.prototype, 'compare'),
    t.mock.method(Buffer.prototype, 'equals'),
  ];
  assert.equal(String(lines.state()), 'x'.repeat(4000));
  const count = looks.reduce((sum, { mock }) => sum + mock.callCount(), 0);
  assert.ok(count < 10 * 201, `${count} comparisons`);
});
