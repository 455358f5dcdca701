import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openLogReader } from '../../../logs/read-log.ts';
import { framed } from '../../../logs/segment.ts';

/** The lines of a log that was written by these Python statements, in which `log` is to be made. */
async function linesOf(t: TestContext, statements: string) {
  const directory = mkdtempSync(join(tmpdir(), 'grid-segments-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const program = `import sys; sys.path.insert(0, sys.argv[2]); sys.dont_write_bytecode = True
import segments, resource, signal
def make(budget=1 << 30, masked=()): return segments.Segments(sys.argv[1], budget, list(masked))
${statements}
log.close()`;
  const run = ['-c', program, directory, import.meta.dirname];
  const said = execFileSync('python3', run, { encoding: 'utf8' });
  const source = { id: 'one', directory, instanceId: 'one', deploymentId: 'deployment' };
  const reader = openLogReader(source);
  const lines: string[] = [];
  while (!reader.ended()) lines.push(...(await reader.read()).map(({ text }) => text));
  return { lines, said, segments: readdirSync(directory).filter((name) => name.endsWith('.log')) };
}

test('what is written is read, the end of the last line too', async (t) => {
  const { lines } = await linesOf(t, `log = make(); log.write(1, b'one\\ntwo'); log.say('said')`);
  assert.deepEqual(lines.toSorted(), ['one', 'said', 'two']);
});

test('secrets of eight characters and more are hidden, also where they come in pieces', async (t) => {
  const { lines } = await linesOf(
    t,
    `log = make(masked=['hunter22', 'hunter22-and-more', 'short', 'first line\\nok\\nsecond line'])
log.write(1, b'it is hun'); log.write(2, b'else\\n'); log.write(1, b'ter22, hunter22-and-more\\nshort ok\\n')
log.write(1, b'a first line\\nsecond li'); log.write(1, b'ne hunter22')`,
  );
  assert.deepEqual(lines, ['else', 'it is ***, ***', 'short ok', 'a ***', '*** ***']);
});

test('of a secret only an end of a line makes two', async (t) => {
  const { lines } = await linesOf(
    t,
    `log = make(masked=['abcd\\u2028ef\\x85gh', 'first line\\rother line'])
log.write(1, '<abcd\\u2028ef\\x85gh> other line\\n'.encode())`,
  );
  assert.deepEqual(lines, ['<***> ***']);
});

test('a line without an end is written on while it is masked, its secrets hidden', async (t) => {
  const { lines } = await linesOf(
    t,
    `log = make(masked=['0123456789'])
for _ in range(40): log.write(1, b'x' * 9_995 + b'01234'); log.write(1, b'56789')
assert len(log.lines[1].rest) <= 64 * 1024`,
  );
  const text = lines.join('');
  assert.equal(text, `${'x'.repeat(9_995)}***`.repeat(40));
});

test('a secret that is longer than the longest line is hidden, whatever it comes in', async (t) => {
  const { lines } = await linesOf(
    t,
    `secret = b'S' * 10 + b'x' * 100_000
for size in [30_000, 65_537, 200_000]:
    log = make(masked=[secret.decode()]) if size == 30_000 else log
    said = b'a' + secret + b'b' + secret + b'c\\n'
    for at in range(0, len(said), size): log.write(1, said[at:at + size])`,
  );
  assert.deepEqual(lines, ['a***b***c', 'a***b***c', 'a***b***c']);
});

test('of a long line the beginning of a secret is held back, also where others shorten it', async (t) => {
  const { lines } = await linesOf(
    t,
    `long, short = b'L' * 60_000, b'0123456789'
log = make(masked=[long.decode(), short.decode()])
for _ in range(3): log.write(1, short * 12_100 + long[:100]); log.write(1, long[100:])`,
  );
  assert.equal(lines.join(''), '***'.repeat(3 * 12_101));
});

test('a budget removes the oldest segments', async (t) => {
  const { lines, segments } = await linesOf(
    t,
    `segments.SEGMENT_BYTES = 1000; log = make(budget=5000)
for number in range(100): log.write(1, b'%099d\\n' % number)`,
  );
  assert.equal(segments.length, 5);
  assert.equal(segments.at(-1), '00000012.log');
  assert.match(lines[0] ?? '', /of older output were removed here/);
  assert.equal(Number(lines.at(-1)), 99);
});

test('on a disk that is nearly full lines are counted and not kept, and that is said', async (t) => {
  const { lines } = await linesOf(
    t,
    `log = make(); log.write(1, b'before\\n')
segments.KEEP_FREE, log.checked = 2, 0.0
log.write(1, b'x' * 999 + b'\\n'); log.write(2, b'y' * 233 + b'\\n')
segments.KEEP_FREE, log.checked = 0, -9.0
log.write(1, b'after\\n')
segments.KEEP_FREE, log.checked = 2, -9.0
log.write(1, b'end')`,
  );
  assert.deepEqual(
    lines.map((line) => line.replace(/ bytes of output were not kept here: .*/, ' lost')),
    ['before', '1234 lost', 'after', '4 lost'],
  );
});

test('a frame that did not fit on the disk leaves nothing that a reader stumbles over', async (t) => {
  const { lines } = await linesOf(
    t,
    `signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = make(); log.write(1, b'one\\n')
resource.setrlimit(resource.RLIMIT_FSIZE, (600, resource.RLIM_INFINITY))
log.write(1, b'x' * 1000 + b'\\n')
log.write(1, b'two\\n')
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.write(1, b'three\\n')`,
  );
  assert.deepEqual(lines.slice(0, 1).concat(lines.slice(2)), ['one', 'two', 'three']);
  assert.match(lines[1] ?? '', /^1001 bytes/);
});

/** What is shown of lines that have not ended after each `show()` of these statements, in which time passes at once. */
async function shownBy(t: TestContext, statements: string) {
  const program = `import json, os, unended; unended.SHOWN_AFTER = 0; shown = []
def show():
    log.show(); path = os.path.join(sys.argv[1], 'unended')
    shown.append(open(path, 'rb').read().decode('latin1') if os.path.exists(path) else '')
${statements}
print(json.dumps(shown))`;
  const { lines, said } = await linesOf(t, program);
  const shown = (JSON.parse(said) as string[]).map((text) =>
    framed
      .decode(Buffer.from(text, 'latin1'), 0)
      .frames.map(({ stream, bytes }) => [stream, String(bytes)] as const),
  );
  return { lines, shown };
}

test('of a line that a carriage return takes back its last state is kept, and counts as one', async (t) => {
  const { lines } = await linesOf(
    t,
    `log = make()
for percent in range(0, 101): log.write(2, b'\\r%3d%%' % percent)
log.write(1, b'other\\n'); log.write(2, b'\\n')
log.write(1, b'one\\rtwo\\r'); log.write(1, b'\\nCRLF\\r'); log.write(1, b'\\n\\r\\r\\nkilled 1\\rkilled 2')
assert log.number == 1 and log.size < 200, log.size`,
  );
  assert.deepEqual(lines, ['other', '100%', 'two', 'CRLF', '', 'killed 2']);
});

test('a line that has not ended is shown as it is now, until it ends', async (t) => {
  const { lines, shown } = await shownBy(
    t,
    `log = make(); show()
log.write(1, b'one\\nPassword: '); show()
log.write(2, b'\\r 1%'); log.write(2, b'\\r 2%\\r'); show()
log.write(1, b'given\\n'); show()
log.write(2, b'\\n'); show()
log.write(1, b'end'); show(); log.release(); show()`,
  );
  const prompt = [1, 'Password: '];
  assert.deepEqual(shown, [[], [prompt], [prompt, [2, ' 2%']], [[2, ' 2%']], [], [[1, 'end']], []]);
  assert.deepEqual(lines, ['one', 'Password: given', ' 2%', 'end']);
});

test('what may be the beginning of a secret is not shown before it is known to be none', async (t) => {
  const { shown } = await shownBy(
    t,
    `log = make(masked=['aaaabaaac', 'other-secret'])
for part in [b'key: a', b'aaa', b'baaa', b'c aaaab', b'x aaaabaaaa', b' ' * 5000]: log.write(1, part); show()`,
  );
  const texts = shown.map(([frame]) => frame?.[1]);
  const known = ['key: ', 'key: ', 'key: ', 'key: *** ', 'key: *** aaaabx aaaab'];
  assert.deepEqual(texts.slice(0, 5), known);
  assert.equal(texts[5]?.length, 4096);
});

test('of many secrets no length of a long one is tried in vain', async (t) => {
  const { said } = await linesOf(
    t,
    `from lines import Lines
tried = []
class Secret(bytes):
    def startswith(self, begun): tried.append(begun); return bytes.startswith(self, begun)
lines = Lines([Secret(b'%040d' % number) for number in range(200)] + [Secret(b'y' * 5000)])
lines.feed(b'x' * 4000 + b'00000'); assert lines.state() == b'x' * 4000
print(len(tried)); log = make()`,
  );
  assert.ok(Number(said) < 10 * 201, `${said} comparisons`);
});

test('a line is shown after a while, and not as often as it changes', async (t) => {
  const { said } = await linesOf(
    t,
    `import os, time, unended
path, clock, seen = os.path.join(sys.argv[1], 'unended'), [0.0], set()
unended.time = type('Clock', (), {'monotonic': lambda: clock[0], 'time': time.time})
log = make()
for tick in range(1000):
    clock[0] = tick / 100
    log.write(1, b'flood\\nflo'); log.write(2, b'\\r%d' % tick); log.show()
    if os.path.exists(path): seen.add(open(path, 'rb').read())
print(len(seen), any(b'flo' in one for one in seen))`,
  );
  assert.equal(said, '13 False\n');
});
