import assert from 'node:assert/strict';
import { queueDeployment } from '../deployments/queue-deployment.ts';
import { findDeploying } from '../applications/application-store.ts';
import type { User } from '../accounts/user.ts';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, InstanceId, UserId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeMember, makeOwner } from '../testing/rows.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { noteExited, noteStarted } from '../workloads/change-instance.ts';
import { insertInstances } from '../workloads/instance-store.ts';
import { findWorkload } from '../workloads/workload-store.ts';
import { requireEnterable } from './find-instance.ts';
import { listEnterable } from './list-enterable.ts';

const userOf = (id: UserId): User => ({
  id,
  email: '',
  name: 'Ada',
  operator: false,
  createdAt: 1,
});

type Wanted = {
  kind?: 'build' | 'deployment';
  number?: number;
  state?: 'new' | 'running' | 'over';
};

/** An instance of an application, in a workload of its own. */
async function makeInstance(
  database: Database,
  applicationId: ApplicationId,
  { kind = 'deployment', number = 0, state = 'running' }: Wanted = {},
): Promise<InstanceId> {
  const id = newId('instance');
  await database.transaction(async (tx) => {
    const application = await findDeploying(tx, applicationId);
    assert.ok(application !== undefined);
    const order = { commitId: 'f'.repeat(40), authorId: null, cause: 'Git', useCache: true, at: 1 };
    const deploymentId = await queueDeployment(tx, application, order);
    const { ownerId } = application;
    const size = { flavor: 'XS', nodes: 1, graceSeconds: 1, estimate: null, at: 1 };
    const engine = 'process';
    const subject = { subjectKind: kind, subjectId: deploymentId } as const;
    const workload = await findWorkload(
      tx,
      await createWorkload(
        tx,
        { flavorDevices: [] },
        { ...size, engine, ownerId, applicationId, ...subject },
      ),
    );
    assert.ok(workload !== undefined);
    const instance = { id, number, attempt: 1, name: 'Quiet heron', startAfter: null, at: 1 };
    await insertInstances(tx, workload, [instance]);
    const running = {
      status: 'running',
      startedAt: 2,
      heartbeatAt: 2,
      endpoint: undefined,
    } as const;
    if (state !== 'new') await noteStarted(tx, id, running);
    const exit = {
      at: 3,
      exitCode: 1,
      signal: undefined,
      reason: 'exited',
      step: '',
      detail: undefined,
    } as const;
    if (state === 'over') await noteExited(tx, id, exit);
  });
  return id;
}

/** What is answered: the instance's id, or the refusal's sentence. */
const answerOf = (asked: Promise<{ instance: { id: string } }>): Promise<string> =>
  asked.then(
    ({ instance }) => instance.id,
    (error: Error) => error.message,
  );

async function openScene(database: Database) {
  const { userId, organizationId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId: organizationId, name: 'model' });
  const ask = (
    place: Parameters<typeof requireEnterable>[2],
    as: UserId = userId,
  ): Promise<string> => answerOf(requireEnterable(database.read, userOf(as), place));
  return { userId, organizationId, applicationId, ask };
}

onEachDatabase(
  'an instance that runs is found, and by its application where it is the only one',
  async (database) => {
    const { applicationId, ask } = await openScene(database);
    assert.equal(await ask({ applicationId }), 'Nothing of model runs just now.');
    const id = await makeInstance(database, applicationId);
    await makeInstance(database, applicationId, { kind: 'build' });
    await makeInstance(database, applicationId, { state: 'over' });
    await makeInstance(database, applicationId, { state: 'new' });
    assert.equal(await ask({ instanceId: id }), id);
    assert.equal(await ask({ applicationId }), id);
    const second = await makeInstance(database, applicationId, { number: 1 });
    assert.equal(
      await ask({ applicationId }),
      `Several instances of model run: name one by its id or number.\n  Quiet heron - Instance 0 - DEPLOYING (${id})\n  Quiet heron - Instance 1 - DEPLOYING (${second})`,
    );
    assert.equal(await ask({ applicationId, number: 0 }), id);
    assert.equal(await ask({ applicationId, number: 1 }), second);
    assert.equal(await ask({ applicationId, number: 2 }), 'No instance 2 of model runs just now.');
  },
);

onEachDatabase('what does not run is said to its owner', async (database) => {
  const { applicationId, ask } = await openScene(database);
  const make = async (wanted: Wanted): Promise<string> =>
    (await ask({ instanceId: await makeInstance(database, applicationId, wanted) })).replace(
      /[\da-f-]{36}/,
      'ID',
    );
  assert.equal(
    await make({ kind: 'build' }),
    'Instance ID is a build, and builds are not entered.',
  );
  assert.equal(await make({ state: 'over' }), 'Instance ID is over: exit code 1.');
  assert.match(await make({ state: 'new' }), /^Instance ID has not started yet/);
});

onEachDatabase('what is somebody else’s is not there, whatever it is', async (database) => {
  const { applicationId, organizationId, ask } = await openScene(database);
  const stranger = (await makeMember(database)).userId;
  const none = newId('instance');
  const unknown = await ask({ instanceId: none }, stranger);
  assert.equal(unknown, `There is no instance ${none} for you.`);
  for (const wanted of [{}, { kind: 'build' }, { state: 'over' }, { state: 'new' }] as const) {
    const id = await makeInstance(database, applicationId, wanted);
    assert.equal(await ask({ instanceId: id }, stranger), unknown.replace(none, id));
  }
  const nowhere = newId('application');
  const missing = await ask({ applicationId: nowhere }, stranger);
  assert.equal(await ask({ applicationId }, stranger), missing.replace(nowhere, applicationId));
  const accountant = await makeMember(database, { organizationId, role: 'ACCOUNTING' });
  assert.match(await ask({ applicationId }, accountant.userId), /Your role there \(ACCOUNTING\)/);
  const developer = await makeMember(database, { organizationId, role: 'DEVELOPER' });
  const id = await makeInstance(database, applicationId);
  assert.equal(await ask({ instanceId: id }, developer.userId), id);
});

onEachDatabase('everybody is shown what they may enter, and nothing else', async (database) => {
  const { userId, organizationId, applicationId } = await openScene(database);
  const show = (id: UserId): Promise<string[]> =>
    listEnterable(database.read, userOf(id), 'ssh://git@grid.example.com:2222');
  assert.match(
    (await show(userId)).join(),
    /^Hello Ada\. Nothing that you may enter runs just now/,
  );
  const id = await makeInstance(database, applicationId);
  await makeInstance(database, applicationId, { kind: 'build' });
  assert.deepEqual(await show(userId), [
    'Hello Ada. This is what you may enter:',
    `model (${applicationId})`,
    `  Quiet heron - Instance 0 - DEPLOYING (${id})`,
    'A shell: ssh -t ssh://git@grid.example.com:2222 ID. A command: ssh ssh://git@grid.example.com:2222 ID COMMAND.',
  ]);
  const others = [
    await makeMember(database),
    await makeMember(database, { organizationId, role: 'ACCOUNTING' }),
  ];
  for (const other of others) assert.equal((await show(other.userId)).length, 1);
});
