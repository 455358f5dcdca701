import assert from 'node:assert/strict';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { onEachDatabase } from './database.ts';
import { makeApplication, makeOwner } from './rows.ts';
import { push } from './world-deeds.ts';
import { withWorld } from './world.ts';

onEachDatabase('a push becomes a run that is over, and billed', (database) =>
  withWorld(
    database,
    {
      fateOf: ({ command }) => ({ runsFor: command.name === 'main' ? 90 * SECOND : 10 * SECOND }),
      planOf: () => ({ steps: 1 }),
    },
    async (world) => {
      const { database, engine, pass, failures } = world;
      const { organizationId: ownerId, userId } = await makeOwner(database);
      const applicationId = await makeApplication(database, { ownerId });
      await push({ world, userId }, { id: applicationId }, 1);
      assert.ok(await pass(5 * MINUTE));
      const [deployment] = await database.read.selectFrom('deployments').selectAll().execute();
      assert.deepEqual([deployment?.status, deployment?.detail], ['completed', null]);
      assert.equal(engine.started.length, 2);
      assert.deepEqual(failures, []);
    },
  ),
);
