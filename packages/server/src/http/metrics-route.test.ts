import assert from 'node:assert/strict';
import type { metrics } from '@grid/api';
import type { z } from 'zod';
import { DAY, HOUR, SECOND } from '../lib/duration.ts';
import { insertSamples } from '../metrics/metrics-store.ts';
import { onSqlite } from '../testing/database.ts';
import { askAsOperator, openApp } from '../testing/app.ts';
import { makeInstance } from '../testing/instances.ts';
import { makeApplication, makeMember } from '../testing/rows.ts';
import type { Database } from '../store/database.ts';
import type { TestContext } from 'node:test';
import { buildApp } from './build-app.ts';

const NOW = 1_000 * DAY;

/** A platform with an instance that uses half a core. */
async function open(database: Database, t: TestContext) {
  const platform = await openApp(database, t, { now: NOW });
  const { organizationId: ownerId } = platform.claimed;
  const applicationId = await makeApplication(database, { ownerId, name: 'train' });
  const instanceId = await makeInstance(database, { ownerId, applicationId, number: 3 });
  const sample = { subjectId: instanceId, at: NOW - 10 * SECOND, values: { cpu: 0.5, sent: 7 } };
  await database.transaction((tx) => insertSamples(tx, [sample]));
  return { ...platform, ownerId, applicationId, instanceId };
}

const FORWARDED = { 'x-forwarded-for': '198.51.100.1' };

onSqlite('operators may scrape, others may not', async (database, t) => {
  const { app, ask } = await open(database, t);
  const { headers, userId } = await makeMember(database);
  await database.transaction((tx) =>
    tx.updateTable('users').set({ operator: false }).where('id', '=', userId).execute(),
  );
  const status = async (more: Record<string, string>): Promise<number> =>
    (await app.inject({ url: '/metrics', headers: more })).statusCode;
  assert.equal((await ask('GET', '/metrics', { headers: FORWARDED })).status, 200);
  assert.equal(await status({}), 401);
  assert.equal(await status(FORWARDED), 401);
  assert.equal(await status({ ...FORWARDED, ...headers }), 403);
});

onSqlite(
  'what is scraped is text, of instances, devices and whatever else is exposed',
  async (database, t) => {
    const { context, instanceId } = await open(database, t);
    const device = { uuid: 'GPU-1', model: 'H100', position: 0, memoryMiB: 1 };
    const waiting = { name: 'grid_waiting_runs', help: 'Runs that wait.', type: 'gauge' } as const;
    const app = buildApp({
      ...context,
      exposed: async () => ({
        devices: [device],
        holderOf: () => undefined,
        families: [{ ...waiting, samples: [{ labels: {}, value: 2 }] }],
      }),
    });
    t.after(() => app.close());
    const { headers, body } = await askAsOperator(t, app, { path: '/metrics' });
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(
      body,
      new RegExp(
        `^grid_instance_cpu_cores\\{.*app_name="train".*instance_id="${instanceId}".*\\} 0.5$`,
        'm',
      ),
    );
    assert.match(
      body,
      /^grid_device_memory_total_bytes\{uuid="GPU-1",model="H100",index="0"\} 1048576$/m,
    );
    assert.match(body, /^grid_waiting_runs 2$/m);
  },
);

onSqlite(
  'an application’s metrics are columns, with null for what is not known',
  async (database, t) => {
    const { ask, ownerId, applicationId, instanceId } = await open(database, t);
    const path = `/grid/v1/owners/${ownerId}/applications/${applicationId}/metrics`;
    const { status, json } = await ask('GET', path);
    assert.equal(status, 200);
    const { instances, ...window } = json as z.infer<typeof metrics.getMetrics.result>;
    assert.deepEqual(window, { from: NOW - HOUR, to: NOW, stepSeconds: 10 });
    const [one] = instances;
    assert.deepEqual(
      [one?.instanceId, one?.instanceNumber, one?.at],
      [instanceId, 3, [NOW - 10 * SECOND]],
    );
    assert.deepEqual(one?.cpuCores, { min: [0.5], mean: [0.5], max: [0.5] });
    assert.deepEqual(
      [one?.memoryBytes.mean, one?.receivedBytes, one?.sentBytes],
      [[null], [null], [7]],
    );
  },
);

onSqlite(
  'a window that ends before it begins, and an instance that is none, are refused',
  async (database, t) => {
    const { ask, ownerId, applicationId } = await open(database, t);
    const path = `/grid/v1/owners/${ownerId}/applications/${applicationId}/metrics`;
    const status = async (query: string) => (await ask('GET', `${path}?${query}`)).status;
    assert.equal(await status(`from=${NOW}&to=${NOW - 1}`), 400);
    assert.equal(await status('from=yesterday'), 400);
    assert.equal(await status('instance=none'), 404);
  },
);
