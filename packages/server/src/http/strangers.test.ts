import assert from 'node:assert/strict';
import { platform } from '@grid/api';
import type { Device } from '@grid/api';
import { askAsOperator, openApp } from '../testing/app.ts';
import { onSqlite } from '../testing/database.ts';
import { makeInstance } from '../testing/instances.ts';
import { lendDevice } from '../testing/leases.ts';
import { makeApplication, makeMember } from '../testing/rows.ts';

onSqlite('of a device that others have everybody hears that they have it', async (database, t) => {
  const { ask, claimed } = await openApp(database, t);
  const { organizationId: ownerId } = claimed;
  const applicationId = await makeApplication(database, { ownerId });
  const instanceId = await makeInstance(database, { ownerId, applicationId });
  await lendDevice(database, instanceId, { uuid: 'GPU-1', at: 7 });
  const { headers: other } = await makeMember(database);
  const { headers: member } = await makeMember(database, {
    organizationId: ownerId,
    role: 'DEVELOPER',
  });
  const seenBy = async (headers: Record<string, string>) => {
    const { json } = await ask('GET', '/grid/v1/devices', { headers });
    const [{ state, since, holder } = {} as Device] = (json as { devices: Device[] }).devices;
    return [state, since, holder?.applicationId];
  };
  assert.deepEqual(await seenBy(other), ['leased', null, undefined]);
  assert.deepEqual(await seenBy(member), ['leased', 7, applicationId]);
  assert.deepEqual(await seenBy({}), ['leased', 7, applicationId]);
});

onSqlite('what version runs is told on the machine itself', async (database, t) => {
  const { app } = await openApp(database, t);
  const { path } = platform.getStatus;
  const { version, ...rest } = (await app.inject({ url: path })).json<Record<string, unknown>>();
  assert.equal(version, undefined);
  assert.equal(rest['claimed'], true);
  assert.match((await askAsOperator(t, app, { path })).body, /"version":"test"/);
});
