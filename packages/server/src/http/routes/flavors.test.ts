import assert from 'node:assert/strict';
import { openApp } from '../../testing/app.ts';
import { onEachDatabase } from '../../testing/database.ts';
import { makeMember } from '../../testing/rows.ts';

type Shown = { name: string; price: number; gpus: number; origin: string; fits: boolean };

onEachDatabase('everybody sees the sizes that there are, operators make them', async (db, t) => {
  const { ask } = await openApp(db, t);
  const { headers } = await makeMember(db);
  const list = async () =>
    ((await ask('GET', '/grid/v1/flavors', { headers })).json as { flavors: Shown[] }).flavors;
  const huge = { name: 'huge', cpus: 96, memoryMiB: 1_000_000, gpus: 8, deviceModel: 'H100' };
  const refused = await ask('POST', '/grid/v1/flavors', { body: huge, headers });
  assert.equal(refused.status, 403);
  const made = await ask('POST', '/grid/v1/flavors', { body: huge });
  assert.equal(made.status, 200, made.text);
  const last = (await list()).at(-1);
  assert.deepEqual(
    [last?.name, last?.gpus, last?.origin, last?.fits],
    ['huge', 8, 'operator', false],
  );
  assert.ok(Math.abs((last?.price ?? 0) - 80 / 24) < 1e-6);
  const changed = await ask('PUT', '/grid/v1/flavors/huge', { body: { price: 2.5 } });
  const { price, applications } = changed.json as { price: number; applications: number };
  assert.deepEqual([price, applications], [2.5, 0]);
  for (const body of [
    { ...huge, name: 'x', cpus: 0 },
    { ...huge, name: 'x', memoryMiB: 1.5 },
    { ...huge, name: 'x', price: -1 },
    { ...huge, name: 'x', gpus: 1e9 },
    { name: 'x' },
  ])
    assert.equal((await ask('POST', '/grid/v1/flavors', { body })).status, 400);
  assert.equal((await ask('DELETE', '/grid/v1/flavors/huge')).status, 204);
  assert.equal((await ask('GET', '/grid/v1/flavors/huge')).status, 404);
  assert.equal((await list()).length, 16);
  for (const name of ['constructor', 'toString', '__proto__']) {
    const { status } = await ask('GET', `/grid/v1/flavors/${name}`);
    assert.equal(status, 404, name);
  }
});

onEachDatabase(
  'an operator’s size is one for applications and for the official command line',
  async (db, t) => {
    const { ask, claimed } = await openApp(db, t);
    const body = { name: 'wide', cpus: 24, memoryMiB: 100_000, price: 4 };
    assert.equal((await ask('POST', '/grid/v1/flavors', { body })).status, 200);
    const types = (await ask('GET', '/v2/products/instances')).json as {
      flavors: { name: string; mem: number; price: number; disk: number }[];
    }[];
    const shown = types[0]?.flavors.find(({ name }) => name === 'wide');
    assert.deepEqual([shown?.mem, shown?.price, shown?.disk], [100_000, 4, 10_240]);
    const path = `/v2/organisations/${claimed.organizationId}/applications`;
    const order = {
      name: 'app',
      instanceVariant: 'ml_python',
      minFlavor: 'wide',
      maxFlavor: 'wide',
    };
    const made = await ask('POST', path, { body: order });
    assert.equal(made.status, 200, made.text);
    const { instance } = made.json as { instance: { minFlavor: { name: string; cpus: number } } };
    assert.deepEqual([instance.minFlavor.name, instance.minFlavor.cpus], ['wide', 24]);
    const used = await ask('DELETE', '/grid/v1/flavors/wide');
    assert.equal(used.status, 409);
    assert.match(used.text, /in use \(1 application\)/);
  },
);
