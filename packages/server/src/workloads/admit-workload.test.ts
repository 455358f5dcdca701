import assert from 'node:assert/strict';
import { insertDeployment } from '../deployments/deployment-store.ts';
import type { WorkloadId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeOwner } from '../testing/rows.ts';
import { admitWorkload } from './admit-workload.ts';
import { createWorkload } from './create-workload.ts';
import { selectInstances } from './instance-store.ts';
import type { Workload } from './workload.ts';
import { findWorkload, heldMemory, setGone } from './workload-store.ts';

/** Room for three of 256 MiB. */
const pool = { memoryMiB: 800 };

async function open(database: Database) {
  const { organizationId: ownerId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const owned = { ownerId, applicationId };
  const deploymentId = await database.transaction((tx) =>
    insertDeployment(tx, {
      ...owned,
      commitId: 'c',
      action: 'DEPLOY',
      cause: 'Git',
      authorId: null,
      useCache: true,
      status: 'queued',
      at: 1,
    }),
  );
  const find = async (id: WorkloadId): Promise<Workload> => {
    const found = await findWorkload(database.read, id);
    assert.ok(found);
    return found;
  };
  return {
    make: (nodes: number, at: number, kind: Workload['kind'] = 'run') =>
      database.transaction((tx) =>
        createWorkload(tx, {
          ...owned,
          deploymentId,
          runId: null,
          kind,
          engine: 'process',
          flavor: 'pico',
          nodes,
          graceSeconds: 1,
          at,
        }),
      ),
    find,
    admit: async (id: WorkloadId): Promise<boolean> => {
      const workload = await find(id);
      return database.transaction((tx) => admitWorkload(tx, workload, { pool, at: 100 }));
    },
    end: (id: WorkloadId) => database.transaction((tx) => setGone(tx, id, 200)),
  };
}

onEachDatabase(
  'what has no room waits with its reason, and is admitted when it is given back',
  async (database) => {
    const { make, find, admit, end } = await open(database);
    const [first, second] = [await make(2, 1), await make(2, 2)];
    assert.equal(await admit(first), true);
    assert.equal(await admit(second), false);
    const { state, reason, detail } = await find(second);
    assert.deepEqual([state, reason], ['waiting', 'no_memory']);
    assert.match(detail ?? '', /^Needs 512 MiB of memory; 288 of 800 MiB are free\./);
    assert.deepEqual(await selectInstances(database.read, second), [], 'all of its nodes or none');
    await end(first);
    assert.equal(await admit(second), true);
    const admitted = await find(second);
    assert.deepEqual([admitted.state, admitted.reason, admitted.detail], ['admitted', null, null]);
    assert.equal((await selectInstances(database.read, second)).length, 2);
  },
);

onEachDatabase(
  'nothing overtakes what came first, but builds, which wait for builds alone',
  async (database) => {
    const { make, find, admit } = await open(database);
    const [big, small, build] = [await make(4, 1), await make(1, 2), await make(1, 3, 'build')];
    assert.equal(await admit(big), false, 'it never fits');
    assert.equal((await find(big)).reason, 'never_fits');
    assert.equal(await admit(small), false);
    assert.equal((await find(small)).reason, 'behind_others');
    assert.equal(await admit(build), true);
  },
);

onEachDatabase('however many ask at once, no more is given than there is', async (database) => {
  const { make, admit } = await open(database);
  const ids = await Promise.all(Array.from({ length: 8 }, (_, at) => make(1, at, 'build')));
  for (let round = 0; round < 4; round += 1) await Promise.all(ids.map(admit));
  assert.equal(await heldMemory(database.read), 768);
});
