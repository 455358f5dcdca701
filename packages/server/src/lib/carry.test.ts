import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { carry } from './carry.ts';
import { Refusal } from './refusal.ts';

function collect() {
  const parts: Buffer[] = [];
  const to = new Writable({
    write(part: Buffer, _encoding, done) {
      parts.push(part);
      done();
    },
  });
  return { to, text: () => Buffer.concat(parts).toString() };
}

test('what comes is copied, and its end', async () => {
  const from = new PassThrough();
  from.write('a');
  from.end('b');
  const { to, text } = collect();
  await carry(from, to, { most: 2, silentMs: 60_000, stuckMs: 60_000 });
  assert.equal(text(), 'ab');
  assert.ok(to.writableFinished && !from.listenerCount('data'));
});

test('more than is taken is refused, and its sender can still be answered', async () => {
  const from = new PassThrough();
  from.write('abc');
  const { to, text } = collect();
  await assert.rejects(carry(from, to, { most: 2 }), { code: 'too_large' });
  assert.equal(text(), '');
  assert.ok(!from.destroyed && to.destroyed);
});

test('a source that says nothing is given up', async () => {
  const from = new PassThrough();
  from.write('a');
  const { to } = collect();
  await assert.rejects(carry(from, to, { silentMs: 5 }), { code: 'too_slow' });
  assert.ok(!from.destroyed && to.destroyed);
});

test('a target that takes nothing is given up', async () => {
  const from = new PassThrough();
  from.write('a');
  const to = new Writable({ highWaterMark: 1, write: () => undefined });
  await assert.rejects(carry(from, to, { stuckMs: 5 }), Refusal);
  assert.ok(to.destroyed);
});

test('errors of both ends, and a target that closes while nothing comes, end the copy', async () => {
  const broken = new PassThrough();
  const first = carry(broken, collect().to, {});
  broken.destroy(new Error('reset'));
  await assert.rejects(first, /reset/);
  const { to } = collect();
  const second = carry(new PassThrough(), to, {});
  to.destroy();
  await assert.rejects(second);
});

test('a target may stay open, and has taken all when the copy is over', async () => {
  const taken: string[] = [];
  const to = new Writable({
    write(part: Buffer, _encoding, done) {
      setImmediate(() => {
        taken.push(part.toString());
        done();
      });
    },
  });
  const from = new PassThrough();
  from.end('a');
  await carry(from, to, { open: true });
  assert.deepEqual(taken.join(''), 'a');
  assert.ok(!to.writableEnded && !to.destroyed);
});

test('streams that are gone before are not waited for', async () => {
  const gone = new PassThrough();
  gone.destroy();
  await assert.rejects(carry(gone, collect().to, {}));
  await assert.rejects(carry(new PassThrough(), gone, {}));
});
