import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { showUnended } from './show-unended.ts';
import { lookAtUnended } from './unended.ts';

function open(t: TestContext, masked: readonly string[] = []) {
  const directory = mkdtempSync(join(tmpdir(), 'grid-unended-'));
  t.after(() => rmSync(directory, { recursive: true }));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const unended = showUnended(directory, masked);
  const source = { id: 'one', directory, instanceId: 'one', deploymentId: 'deployment' };
  return {
    directory,
    say: (text: string | Buffer, stream: 1 | 2 = 1) => unended.write(stream, 1, Buffer.from(text)),
    close: unended.close,
    pass: (time: number) => t.mock.timers.tick(time),
    /** What somebody sees who comes now. */
    async shown(): Promise<string[]> {
      const lines = await lookAtUnended().changed([source]);
      return lines.map(({ stream, text }) => `${stream}: ${text}`);
    },
  };
}

test('a line that has not ended is shown after a while, as it is now, until it ends', async (t) => {
  const { say, pass, shown, close, directory } = open(t);
  say('one\nPassword: ');
  assert.deepEqual(await shown(), []);
  pass(1000);
  assert.deepEqual(await shown(), ['stdout: Password: ']);
  say('\r 1%|#  |', 2);
  say('\r 2%|## |\r', 2);
  pass(1000);
  assert.deepEqual(await shown(), ['stdout: Password: ', 'stderr:  2%|## |']);
  say('given\n');
  assert.deepEqual(await shown(), ['stderr:  2%|## |']);
  close();
  assert.deepEqual(readdirSync(directory), []);
});

test('what is written on and on is shown no more often, and what ends at once never', async (t) => {
  const { say, pass, shown } = open(t);
  const seen = new Set<string>();
  for (let tick = 0; tick < 1000; tick += 1) {
    say('flood\nflo');
    say(`\r${tick}`, 2);
    pass(10);
    for (const line of await shown()) seen.add(line);
  }
  assert.equal(seen.size, 13);
  assert.ok([...seen].every((line) => line.startsWith('stderr')));
});

test('what may be the beginning of a secret is not shown before it is known to be none', async (t) => {
  const { say, pass, shown } = open(t, ['aaaabaaac', 'other-secret']);
  const seen: string[] = [];
  for (const part of ['key: a', 'aaa', 'baaa', 'c aaaab', 'x aaaabaaaa']) {
    say(part);
    pass(1000);
    seen.push(...(await shown()));
  }
  assert.deepEqual(
    seen.map((line) => line.replace('stdout: ', '')),
    ['key: ', 'key: ', 'key: ', 'key: *** ', 'key: *** aaaabx aaaab'],
  );
});

test('of a character that is not whole nothing is shown, and of a long line its beginning', async (t) => {
  const { say, pass, shown } = open(t);
  say(Buffer.from('é\0é').subarray(0, 4));
  say(Buffer.from('x'.repeat(5000)), 2);
  pass(1000);
  const [text, long] = await shown();
  assert.equal(text, 'stdout: é\0');
  assert.equal(long, `stderr: ${'x'.repeat(4096)}`);
});
