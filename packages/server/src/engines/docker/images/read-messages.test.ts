import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Unavailable } from '../../../lib/unavailable.ts';
import { readMessages } from './read-messages.ts';

async function collect(messages: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

const never = new AbortController().signal;

test('messages are put together from pieces, the last one without an end too', async () => {
  const pieces = ['{"a"', ':1}\r\n{"b":2}\n\n{"', 'c":3}'].map((text) => Buffer.from(text));
  assert.deepEqual(await collect(readMessages(Readable.from(pieces), never)), [
    { a: 1 },
    { b: 2 },
    { c: 3 },
  ]);
});

test('an engine that goes half way is unavailable, unless we left', async () => {
  const broken = (): Readable =>
    new Readable({ read: (): void => undefined }).destroy(new Error('reset'));
  await assert.rejects(collect(readMessages(broken(), never)), Unavailable);
  const left = readMessages(broken(), AbortSignal.abort());
  await assert.rejects(collect(left), { name: 'AbortError' });
});
