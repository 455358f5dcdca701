import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { Refusal } from '../lib/refusal.ts';
import { onSqlite } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner, makeRun } from '../testing/rows.ts';
import { endRun } from './conclude-run.ts';
import { findRunById } from './run-store.ts';
import type { RunOutcome } from './run.ts';
import { stopRun } from './stop-run.ts';

const ends: readonly (readonly [RunOutcome, said: string])[] = [
  [{ status: 'succeeded', exitCode: 0 }, 'is over: it succeeded.'],
  [{ status: 'failed', reason: 'exited', detail: 'no', exitCode: 1 }, 'is over: it failed.'],
  [{ status: 'cancelled' }, 'is over: it was cancelled.'],
];

onSqlite('what is under way is stopped, and of the rest is said how it ended', async (database) => {
  const { organizationId: ownerId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const deploymentId = await makeDeployment(database, { ownerId, applicationId });
  const deps = { database, clock: () => 1 };
  for (const [outcome, said] of ends) {
    const id = await makeRun(database, { ownerId, applicationId, deploymentId });
    const run = await findRunById(database.read, id);
    assert.ok(run !== undefined);
    await stopRun(deps, run, PLATFORM);
    await stopRun(deps, run, PLATFORM);
    assert.equal((await findRunById(database.read, id))?.wanted, 'cancel');
    const asked = await database.read
      .selectFrom('events')
      .select('kind')
      .where('subjectId', '=', id)
      .where('kind', '=', 'run.cancel_asked')
      .execute();
    assert.equal(asked.length, 1, 'to ask again changes nothing');
    await database.transaction((tx) => endRun(tx, run, outcome, 1));
    // whoever asks may have seen it before it ended
    await assert.rejects(
      stopRun(deps, run, PLATFORM),
      new Refusal('conflict', `Run ${id} ${said}`),
    );
  }
});
