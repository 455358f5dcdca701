import assert from 'node:assert/strict';
import { openApp } from '../../testing/app.ts';
import { onEachDatabase } from '../../testing/database.ts';
import { makeInstance } from '../../testing/instances.ts';
import { makeApplication } from '../../testing/rows.ts';
import { noteHealthy } from '../../workloads/change-instance.ts';
import { wantGone } from '../../workloads/want-gone.ts';

onEachDatabase('what is asked to end is seen to stop before it has ended', async (db, t) => {
  const platform = await openApp(db, t);
  const { organizationId: ownerId } = platform.claimed;
  const applicationId = await makeApplication(db, { ownerId });
  const instanceId = await makeInstance(db, { ownerId, applicationId });
  await db.transaction((tx) => noteHealthy(tx, instanceId, 2));
  const path = `/v2/organisations/${ownerId}/applications/${applicationId}/instances`;
  const states = async () => {
    const { json } = await platform.ask('GET', path);
    return (json as { state: string }[]).map(({ state }) => state);
  };
  const before = await states();
  await db.transaction((tx) => wantGone(tx, { applicationId }, 3));
  assert.deepEqual([before, await states()], [['TASK_IN_PROGRESS'], ['STOPPING']]);
});
