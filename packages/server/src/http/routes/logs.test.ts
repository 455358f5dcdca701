import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AccessRecord } from '@grid/api';
import { newId } from '../../lib/ids.ts';
import { jsonLines, segmentName } from '../../logs/segment.ts';
import { createAccessLog } from '../../routing/access-log.ts';
import type { Database } from '../../store/database.ts';
import { openApp } from '../../testing/app.ts';
import { onSqlite } from '../../testing/database.ts';
import { makeApplication } from '../../testing/rows.ts';

const NOW = 1_000_000;
const timeOf = (at: number): string => new Date(at).toISOString();

type Event = { event: string; id: string | undefined; data: string };
type Query = Record<string, string>;

/** An application and what the router wrote of it. */
async function openLog(database: Database, t: TestContext) {
  const { app, context, claimed, ask } = await openApp(database, t);
  const applicationId = await makeApplication(database, { ownerId: claimed.organizationId });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const { token, secret } = claimed.pair;
  const directory = context.paths.accessLogs(applicationId);
  mkdirSync(directory, { recursive: true });
  const path = (ownerId: string = claimed.organizationId, id: string = applicationId): string =>
    `/v4/accesslogs/organisations/${ownerId}/applications/${id}/accesslogs`;

  /** The events of the stream as they come, until the caller has enough or it ends. */
  async function* events(query: Query = {}, from?: string): AsyncGenerator<Event> {
    const leaving = new AbortController();
    const resume = from === undefined ? {} : { 'last-event-id': from };
    const answer = await fetch(
      `http://127.0.0.1:${port}${path()}?${new URLSearchParams(query).toString()}`,
      {
        headers: { authorization: `Bearer ${token}.${secret}`, ...resume },
        signal: leaving.signal,
      },
    );
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const part of answer.body ?? []) {
        text += decoder.decode(part as Uint8Array, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(block)?.[1];
          yield { event: field('event') ?? '', id: field('id'), data: field('data') ?? '' };
        }
      }
    } finally {
      leaving.abort();
    }
  }

  /** All that is there by now, and why the stream ended. */
  async function read(query: Query = {}, from?: string) {
    const found: (AccessRecord & { cursor: string | undefined })[] = [];
    for await (const { event, id, data } of events({ until: timeOf(NOW), ...query }, from)) {
      if (event === 'ACCESS_LOG') found.push({ ...(JSON.parse(data) as AccessRecord), cursor: id });
      if (event === 'END_OF_STREAM') return { found, end: JSON.parse(data) as object };
    }
    throw new Error('the stream ended without saying so');
  }

  return {
    ask,
    path,
    events,
    read,
    applicationId,
    accessLogs: join(directory, '..'),
    write(file: number, text: string): void {
      appendFileSync(join(directory, segmentName(file, jsonLines)), text);
    },
    remove: (file: number) => rmSync(join(directory, segmentName(file, jsonLines))),
  };
}

/** A line as the router writes it, of the request of this number. */
const lineOf = (number: number): string =>
  `${JSON.stringify({ date: timeOf(number), requestId: String(number) })}\n`;

const numbers = (found: readonly AccessRecord[]): number[] =>
  found.map(({ requestId }) => Number(requestId));

onSqlite('what the router wrote is told as clients know it', async (database, t) => {
  const { read, applicationId, accessLogs } = await openLog(database, t);
  assert.deepEqual(await read(), { found: [], end: { endedBy: 'UNTIL_REACHED' } });
  const writer = createAccessLog(accessLogs);
  const access = {
    applicationId,
    instanceId: 'instance',
    source: '192.0.2.1',
    method: 'GET',
    host: 'app.example',
    scheme: 'http',
    statusCode: 200,
    milliseconds: 12,
    bytesIn: 34,
    bytesOut: 56,
  };
  const paths = ['/a', '/"b"\\?c=d\u00e9', '/e'];
  for (const [index, path] of paths.entries())
    writer.add({ ...access, path, requestId: `request-${index}`, at: 1_000 * index });
  await writer.close();
  const { found, end } = await read();
  assert.deepEqual(end, { endedBy: 'UNTIL_REACHED' });
  assert.deepEqual(
    found.map(({ http }) => http.request.path),
    paths,
  );
  const [, { id, cursor, http, ...rest } = {} as never] = found;
  assert.equal(id, cursor);
  assert.deepEqual(http.response, { statusCode: 200, time: 12 });
  assert.deepEqual([http.request.method, http.request.host], ['GET', 'app.example']);
  assert.deepEqual(rest, {
    date: '1970-01-01T00:00:01.000Z',
    applicationId,
    instanceId: 'instance',
    requestId: 'request-1',
    zone: 'grid',
    source: { ip: '192.0.2.1' },
    bytesIn: 34,
    bytesOut: 56,
  });
});

onSqlite('requests are asked for by time and number', async (database, t) => {
  const { read, write, ask, path } = await openLog(database, t);
  for (let number = 0; number < 10; number += 1) write(1, lineOf(number));
  const { found } = await read({ since: timeOf(3), until: timeOf(7) });
  assert.deepEqual(numbers(found), [3, 4, 5, 6, 7]);
  const limited = await read({ limit: '2', since: timeOf(4) });
  assert.deepEqual(numbers(limited.found), [4, 5]);
  assert.deepEqual(limited.end, { endedBy: 'LIMIT_REACHED' });
  const soon = await read({ until: timeOf(NOW + 1) });
  assert.deepEqual(soon.end, { endedBy: 'UNTIL_REACHED' });
  assert.equal(soon.found.length, 10);
  for (const query of ['limit=0', 'limit=x', 'since=yesterday', 'until='])
    assert.equal((await ask('GET', `${path()}?${query}`)).status, 400, query);
});

onSqlite('nobody reads of applications that are not theirs', async (database, t) => {
  const { ask, path, applicationId } = await openLog(database, t);
  const stranger = newId('organization');
  const theirs = await makeApplication(database, { ownerId: newId('user'), name: 'theirs' });
  const own = path().split('/')[4] ?? '';
  for (const url of [
    path(stranger),
    path(own, theirs),
    path(own, newId('application')),
    path('x'),
    path(own, 'x'),
  ]) {
    const answer = await ask('GET', url);
    assert.equal(answer.status, 404, url);
    assert.equal(answer.headers['content-type'], 'application/json');
    const { code, error, context } = answer.json as Record<string, unknown>;
    assert.deepEqual([code, typeof error, context], ['not_found', 'string', {}]);
  }
  const unknown = await ask('GET', path(), { headers: { authorization: '' } });
  assert.equal(unknown.status, 401);
  assert.equal(unknown.headers['content-type'], 'application/json');
  await database.transaction((tx) =>
    tx.updateTable('members').set({ role: 'ACCOUNTING' }).execute(),
  );
  assert.equal((await ask('GET', path(own, applicationId))).status, 403);
});

onSqlite('who follows over several connections and files misses nothing', async (database, t) => {
  const { events, write } = await openLog(database, t);
  let written = 0;
  const writeSome = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      write(1 + Math.floor(written / 40), lineOf(written));
      written += 1;
    }
  };
  const seen: number[] = [];
  let last: string | undefined;
  writeSome(25);
  while (seen.length < 200) {
    const stopAt = seen.length + 17;
    for await (const { event, id, data } of events({}, last)) {
      if (event !== 'ACCESS_LOG') continue;
      last = id;
      seen.push(Number((JSON.parse(data) as AccessRecord).requestId));
      if (seen.length === written && written < 200) writeSome(9);
      if (seen.length >= Math.min(stopAt, 200)) break;
    }
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 200 }, (_, number) => number),
  );
});

onSqlite('what is gone or torn costs no more than itself', async (database, t) => {
  const { read, write, remove } = await openLog(database, t);
  write(1, lineOf(1) + lineOf(2));
  const [first] = (await read()).found;
  write(2, `${lineOf(3)}{"date":"1970-01-01T00:00:00.004Z","requ\n${lineOf(5)}{"date":"half`);
  assert.deepEqual(numbers((await read()).found), [1, 2, 3, 5]);
  remove(1);
  assert.deepEqual(numbers((await read({}, first?.cursor)).found), [3, 5]);
  assert.deepEqual(numbers((await read()).found), [3, 5]);
  assert.deepEqual(numbers((await read({}, 'not a position')).found), [3, 5]);
});
