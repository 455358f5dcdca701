import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openLogReader } from '../../../logs/read-log.ts';

/** The lines of a log that was written by these Python statements, in which `log` is to be made. */
async function linesOf(t: TestContext, statements: string) {
  const directory = mkdtempSync(join(tmpdir(), 'grid-segments-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const program = `import sys; sys.path.insert(0, sys.argv[2]); sys.dont_write_bytecode = True
import segments, resource, signal
def make(budget=1 << 30, masked=()): return segments.Segments(sys.argv[1], budget, list(masked))
${statements}
log.close()`;
  execFileSync('python3', ['-c', program, directory, import.meta.dirname]);
  const source = { id: 'one', directory, instanceId: 'one', deploymentId: 'deployment' };
  const reader = openLogReader(source);
  const lines: string[] = [];
  while (!reader.ended()) lines.push(...(await reader.read()).map(({ text }) => text));
  return { lines, segments: readdirSync(directory).filter((name) => name.endsWith('.log')) };
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
assert len(log.partial[1]) <= segments.LONGEST_LINE`,
  );
  const text = lines.join('');
  assert.equal(text, `${'x'.repeat(9_995)}***`.repeat(40));
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
log.write(1, b'x' * 1000); log.write(2, b'y' * 234)
segments.KEEP_FREE, log.checked = 0, -9.0
log.write(1, b'after\\n')
segments.KEEP_FREE, log.checked = 2, -9.0
log.write(1, b'end')`,
  );
  assert.deepEqual(
    lines.map((line) => line.replace(/ bytes of output were not kept here: .*/, ' lost')),
    ['before', '1234 lost', 'after', '3 lost'],
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
