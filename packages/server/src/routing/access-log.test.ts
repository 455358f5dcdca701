import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/router.ts';
import { createAccessLog } from './access-log.ts';
import type { Access } from './access-log.ts';

const access: Access = {
  applicationId: 'app_1',
  instanceId: 'instance_1',
  requestId: 'request-1',
  at: Date.UTC(2026, 10, 1),
  source: '203.0.113.9',
  method: 'GET',
  host: 'app.test',
  path: '/x',
  scheme: 'https',
  statusCode: 200,
  milliseconds: 12,
  bytesIn: 1,
  bytesOut: 2,
};

test('each application has a file of its own, with a line for each request', async (t) => {
  const folder = temporaryFolder(t);
  const log = createAccessLog(folder);
  log.add(access);
  log.add({ ...access, path: '/y' });
  log.add({ ...access, applicationId: 'app_2' });
  await log.close();
  const lines = readFileSync(join(folder, 'app_1', '00000001.jsonl'), 'utf8')
    .trim()
    .split('\n');
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    date: '2026-11-01T00:00:00.000Z',
    applicationId: 'app_1',
    instanceId: 'instance_1',
    requestId: 'request-1',
    source: { ip: '203.0.113.9' },
    http: {
      request: { method: 'GET', host: 'app.test', path: '/x', scheme: 'https' },
      response: { statusCode: 200, time: 12 },
    },
    bytesIn: 1,
    bytesOut: 2,
  });
  assert.equal(lines.length, 2);
  assert.deepEqual(readdirSync(join(folder, 'app_2')), ['00000001.jsonl']);
});

test('a file that is full is followed by another, and the oldest go', async (t) => {
  const folder = temporaryFolder(t);
  const own = join(folder, 'app_1');
  mkdirSync(own);
  for (const number of [3, 4, 5, 6]) writeFileSync(join(own, `0000000${number}.jsonl`), '');
  truncateSync(join(own, '00000006.jsonl'), 16 * 1024 * 1024);
  const log = createAccessLog(folder);
  log.add(access);
  await log.close();
  assert.deepEqual(readdirSync(own).toSorted(), [
    '00000004.jsonl',
    '00000005.jsonl',
    '00000006.jsonl',
    '00000007.jsonl',
  ]);
});

test('a burst of requests is noted up to a bound', async (t) => {
  const folder = temporaryFolder(t);
  const log = createAccessLog(folder);
  for (let count = 0; count < 10_050; count += 1) log.add(access);
  await log.close();
  const text = readFileSync(join(folder, 'app_1', '00000001.jsonl'), 'utf8');
  assert.equal(text.split('\n').length - 1, 10_000);
});
