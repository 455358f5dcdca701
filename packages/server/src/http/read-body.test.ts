import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Refusal } from '../lib/refusal.ts';
import { readBody } from './read-body.ts';

const body = (length?: number) =>
  Object.assign(new PassThrough(), {
    headers: length === undefined ? {} : { 'content-length': String(length) },
  });

const refusedAs = (code: string) => (error: unknown) =>
  error instanceof Refusal && error.code === code;

test('a body is its text, characters that came in two pieces too', async () => {
  const sent = body();
  const text = readBody(sent, { limit: 10 });
  sent.write(Buffer.from([0xe2, 0x82]));
  sent.end(Buffer.from([0xac]));
  assert.equal(await text, '€');
});

test('a body that does not come in time is waited for no longer', async () => {
  const sent = body(5);
  sent.write('half');
  await assert.rejects(readBody(sent, { limit: 10, withinMs: 1 }), refusedAs('too_slow'));
});

test('of a body that is too large nothing is kept, and what still comes is thrown away', async () => {
  const sent = body();
  sent.write('x'.repeat(11));
  await assert.rejects(readBody(sent, { limit: 10 }), refusedAs('too_large'));
  sent.end('x'.repeat(1_000_000));
  await new Promise((resolve) => sent.once('end', resolve));
  await assert.rejects(readBody(body(11), { limit: 10 }), refusedAs('too_large'));
});

test('a body that breaks off is none', async () => {
  const sent = body();
  sent.write('half');
  const text = readBody(sent, { limit: 10 });
  sent.destroy();
  await assert.rejects(text, refusedAs('invalid'));
});
