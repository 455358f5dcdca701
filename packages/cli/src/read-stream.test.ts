import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createClient, logs } from '@grid/api';
import type { HttpRequest } from '@grid/api';
import { askPatiently, readStream } from './read-stream.ts';

const call = { params: { ownerId: 'orga_1', applicationId: 'app_1' }, query: {} };

const beat = 'event:HEARTBEAT\ndata:{}\n\n';
const line = (id: string): string =>
  `event:APPLICATION_LOG\nid:${id}\ndata:${JSON.stringify({ message: id })}\n\n`;
const end = 'event:END_OF_STREAM\ndata:{"endedBy":"SETTLED","status":"live"}\n\n';

/** What a connection brings before it ends: text, or an error that breaks it; undefined is silence, for ever. */
type Connection = readonly (string | Error | undefined)[];

/** A platform that answers each connection as it is told, and the last way for ever; time passes as fast as it can. */
function open(t: TestContext, connections: readonly Connection[]) {
  const asked: HttpRequest[] = [];
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  const client = createClient(async (request) => {
    const connection = connections[asked.length] ?? connections.at(-1) ?? [];
    asked.push(request);
    const [first] = connection;
    if (first instanceof Error) throw first;
    return { status: 200, body: bodyOf(connection, request.signal) };
  });
  const passing = setInterval(() => t.mock.timers.tick(250), 0);
  t.after(() => clearInterval(passing));
  return {
    asked,
    client,
    async read(): Promise<string[]> {
      const seen: string[] = [];
      for await (const { message } of readStream(client, logs.streamLogs, call)) seen.push(message);
      return seen;
    },
  };
}

async function* bodyOf(
  connection: Connection,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (const part of connection) {
    if (part instanceof Error) throw part;
    if (part === undefined) await untilAborted(signal);
    else yield Buffer.from(part);
  }
}

const untilAborted = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
  });

const reset = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const lastEventIds = (asked: readonly HttpRequest[]) =>
  asked.map(({ headers }) => headers['last-event-id']);

test('a stream is read to its end, over lost connections, from where it was', async (t) => {
  const { asked, read } = open(t, [
    [beat, line('a'), reset],
    [refused],
    [beat],
    [beat, line('b'), beat, undefined],
    [beat, line('c'), end, line('d')],
  ]);
  assert.deepEqual(await read(), ['a', 'b', 'c']);
  assert.deepEqual(lastEventIds(asked), [undefined, 'a', 'a', 'a', 'b']);
});

for (const [how, connection] of Object.entries({
  'is not there': [refused],
  'ends each stream as it begins': [beat],
  'says nothing': [undefined],
} satisfies Record<string, Connection>))
  test(`a platform that ${how} is given up`, async (t) => {
    const { asked, read } = open(t, [[beat, line('a'), beat], connection]);
    await assert.rejects(read(), /does not answer any more/);
    assert.ok(Date.now() <= 90_000, `after ${Date.now()} ms`);
    assert.ok(asked.length <= 130, `${asked.length} connections`);
  });

test('a platform that comes and goes is not given up while lines come', async (t) => {
  const minutes = Array.from({ length: 300 }, (_, index) => [
    beat,
    ...(index % 30 === 0 ? [line(String(index))] : []),
    reset,
  ]);
  const { read } = open(t, [...minutes, [end]]);
  assert.equal((await read()).length, 10);
});

test('what is refused is not asked again', async (t) => {
  const { asked, read } = open(t, [[Object.assign(new Error('no'), { status: 404 })]]);
  await assert.rejects(read(), /no/);
  assert.equal(asked.length, 1);
});

test('a question is asked again while the platform is away', async (t) => {
  open(t, []);
  let asked = 0;
  const answer = await askPatiently(async (signal) => {
    asked += 1;
    if (asked === 1) throw refused;
    signal.throwIfAborted();
    return 'answer';
  });
  assert.deepEqual([answer, asked], ['answer', 2]);
});

test('a line may hold whatever others call an end of a line', async (t) => {
  const odd = 'one\u2028two\u2029three\u0085four\vfive\fsix\rseven';
  const { read } = open(t, [[beat, line(odd), line('after'), end]]);
  assert.deepEqual(await read(), [odd, 'after']);
});
