import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deploymentMachine } from '../deployments/deployment.ts';
import { byUser } from '../events/actor.ts';
import { eventKinds } from '../events/event.ts';
import type { EventKind } from '../events/event.ts';
import { newId } from '../lib/ids.ts';
import type { DeploymentId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase, onSqlite } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner, setDeployment } from '../testing/rows.ts';
import { isFinalIn } from './machine.ts';
import { transition } from './transition.ts';

type Name = keyof typeof deploymentMachine.events;
const names = Object.keys(deploymentMachine.events) as Name[];

const facts = { environment: 'sealed', artifactId: 'a', reason: 'no_memory', detail: 'Full.' };

async function open(database: Database) {
  const { organizationId: ownerId, userId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const make = () => makeDeployment(database, { ownerId, applicationId });
  const find = (id: DeploymentId) =>
    database.read
      .selectFrom('deployments')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
  const happen = (id: DeploymentId, event: Name, at: number) =>
    database.transaction((tx) =>
      transition(tx, deploymentMachine, { id }, { event, facts: facts as never, at }),
    );
  const told = async (id: DeploymentId) =>
    database.read
      .selectFrom('events')
      .selectAll()
      .where('subjectId', '=', id)
      .orderBy('sequence')
      .execute();
  return { make, find, happen, told, userId };
}

onEachDatabase(
  'whatever comes in whatever order, a row is where the table leads, and each step is on record',
  async (database) => {
    const { make, find, happen, told } = await open(database);
    const property = fc.asyncProperty(
      fc.array(fc.constantFrom(...names), { maxLength: 12 }),
      async (order) => {
        const id = await make();
        const taken: string[] = [];
        for (const [index, event] of order.entries()) {
          const before = await find(id);
          const line: Readonly<Record<string, string>> = deploymentMachine.states[before.status];
          const next = line[event];
          if (next !== undefined) {
            assert.equal(await happen(id, event, index + 2), true);
            taken.push(`deployment.${event}`);
          } else if (isFinalIn(deploymentMachine, before.status) && isLate(event))
            assert.equal(await happen(id, event, index + 2), false);
          else await assert.rejects(happen(id, event, index + 2), /cannot come to one that is/);
          const after = await find(id);
          assert.equal(after.status, next ?? before.status);
          if (next === undefined) assert.deepEqual(after, before);
          assert.ok(before.finishedAt === null || after.finishedAt === before.finishedAt);
        }
        const records = await told(id);
        assert.deepEqual(
          records.map(({ kind }) => kind),
          taken,
        );
        for (const { kind, data } of records) eventKinds[kind as EventKind].data.parse(data);
      },
    );
    await fc.assert(property, { numRuns: 30 });
  },
);

const isLate = (event: Name): boolean => 'late' in deploymentMachine.events[event];

onEachDatabase('an event writes its facts and its time, and says who did it', async (database) => {
  const { make, find, told, userId } = await open(database);
  const id = await make();
  await database.transaction(async (tx) => {
    const begun = { event: 'build_started', facts: { environment: 'sealed' }, at: 5 } as const;
    await transition(tx, deploymentMachine, { id }, { ...begun, by: byUser(userId) });
    const why = { reason: 'no_memory', detail: 'Full.' } as const;
    await transition(tx, deploymentMachine, { id }, { event: 'delayed', facts: why, at: 6 });
  });
  const { environment, startedAt, reason } = await find(id);
  assert.deepEqual([environment, startedAt, reason], ['sealed', 5, 'no_memory']);
  await database.transaction((tx) =>
    transition(tx, deploymentMachine, { id }, { event: 'resumed', at: 7 }),
  );
  assert.deepEqual((await find(id)).reason, null, 'why it waited counts no more');
  assert.deepEqual(
    (await told(id)).map(({ kind, actorKind, actorId, at }) => [kind, actorKind, actorId, at]),
    [
      ['deployment.build_started', 'user', userId, 5],
      ['deployment.delayed', 'platform', null, 6],
      ['deployment.resumed', 'platform', null, 7],
    ],
  );
  const looks = await database.read
    .selectFrom('reconciliations')
    .select('version')
    .where('id', '=', id)
    .execute();
  assert.deepEqual(looks, [{ version: 2 }], 'a look is asked for by the first and the last');
});

onSqlite(
  'what is decided of another state than the present one counts no more',
  async (database) => {
    const { make, find } = await open(database);
    const id = await make();
    await setDeployment(database, id, { status: 'starting' });
    const end = {
      event: 'failed',
      facts: { reason: 'crashed', detail: 'It ended.' },
      at: 9,
    } as const;
    const decide = (status: 'building' | 'starting') =>
      database.transaction((tx) => transition(tx, deploymentMachine, { id, status }, end));
    assert.equal(await decide('building'), false);
    assert.equal((await find(id)).status, 'starting');
    assert.equal(await decide('starting'), true);
  },
);

onSqlite('what is gone takes no event, and nothing is meant by nothing', async (database) => {
  await open(database);
  const live = { event: 'live', at: 9 } as const;
  await database.transaction(async (tx) => {
    const gone = { id: newId('deployment') };
    assert.equal(await transition(tx, deploymentMachine, gone, live), false);
    await assert.rejects(transition(tx, deploymentMachine, {}, live), /is not said/);
  });
});
