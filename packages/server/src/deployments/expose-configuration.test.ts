import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { linkApplication } from '../applications/link-application.ts';
import { setVariables } from '../applications/environment.ts';
import { setLimit } from '../limits/change-limits.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeOwner, openKeys, setDeployment } from '../testing/rows.ts';
import { deployApplication } from './deploy-application.ts';
import { createEnvironments, requireVariables } from '../applications/environments.ts';
import { exposeConfiguration } from './expose-configuration.ts';
import { listDeployments } from './list-deployments.ts';

const clock = () => 10;
const commitId = 'a'.repeat(40);

onEachDatabase(
  'those that serve are deployed again when what they see changes, and only then',
  async (database) => {
    const { organizationId: ownerId, userId: authorId } = await makeOwner(database);
    const deps = { database, clock, keyring: openKeys };
    const shown = await makeApplication(database, { ownerId });
    const [serving, idle, stranger] = await Promise.all(
      [1, 2, 3].map(() => makeApplication(database, { ownerId, variant: 'ml_python_web' })),
    );
    if (serving === undefined || idle === undefined || stranger === undefined) assert.fail();
    for (const id of [serving, stranger]) {
      const order = {
        applicationId: id,
        ownerId,
        commitId,
        useCache: true,
        cause: 'Git',
        authorId,
      };
      const deployment = await deployApplication(deps, order);
      await setDeployment(database, deployment, { status: 'live' });
    }
    for (const id of [serving, idle])
      await linkApplication(deps, { id, ownerId, dependencyId: shown, by: PLATFORM });
    const counts = async () =>
      Promise.all(
        [serving, idle, stranger].map(
          async (id) => (await listDeployments(database.read, id)).length,
        ),
      );
    await exposeConfiguration(deps, { id: shown, ownerId }, { values: { A: '1' }, authorId });
    assert.deepEqual(await counts(), [2, 0, 1]);
    await exposeConfiguration(deps, { id: shown, ownerId }, { values: { A: '1' }, authorId });
    assert.deepEqual(await counts(), [2, 0, 1]);
    const [newest] = await listDeployments(database.read, serving, 1);
    assert.deepEqual([newest?.cause, newest?.commitId], ['Dependency', commitId]);
  },
);

onEachDatabase(
  'an own variable is stronger than an inherited one, and the last link than the first',
  async (database) => {
    const { organizationId: ownerId, userId: authorId } = await makeOwner(database);
    const deps = { database, clock, keyring: openKeys };
    const [first, second, seer] = await Promise.all(
      [1, 2, 3].map(() => makeApplication(database, { ownerId })),
    );
    if (first === undefined || second === undefined || seer === undefined) assert.fail();
    await exposeConfiguration(
      deps,
      { id: first, ownerId },
      {
        values: { A: 'first', B: 'first', C: 'first' },
        authorId,
      },
    );
    await exposeConfiguration(
      deps,
      { id: second, ownerId },
      { values: { B: 'second', C: 'second' }, authorId },
    );
    const own = { id: seer, ownerId, by: PLATFORM };
    await linkApplication({ database, clock: () => 1 }, { ...own, dependencyId: first });
    await linkApplication({ database, clock: () => 2 }, { ...own, dependencyId: second });
    await setVariables(deps, own, { C: 'own' });
    const environments = createEnvironments(database, openKeys);
    assert.deepEqual(await environments.current(seer), {
      A: 'first',
      B: 'second',
      C: 'own',
    });
    await setLimit(deps, { name: 'variables', ownerId, value: 2, by: PLATFORM });
    const seen = await environments.current(seer);
    await assert.rejects(requireVariables(database.read, ownerId, seen), {
      message: /The limit "variables" is 2 .* 3 are asked for/,
    });
  },
);
