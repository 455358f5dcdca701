import assert from 'node:assert/strict';
import { PLATFORM } from '../events/actor.ts';
import { setLimit } from '../limits/change-limits.ts';
import { onEachDatabase } from '../testing/database.ts';
import { openRepository } from '../testing/repository.ts';
import { beginPush, requirePush, endPush } from './accept-push.ts';
import { recordPushed } from './repository-reconciler.ts';

const MASTER = 'refs/heads/master';

onEachDatabase(
  'the pusher is told of the deployment also where the look that was asked for was first',
  async (database, t) => {
    const { id, deps, move, application, user } = await openRepository(database, t);
    const first = await beginPush(deps, application, user);
    await move(MASTER, 1_000_000_000);
    const looked = await recordPushed(deps, id);
    assert.ok(looked);
    const told = await endPush(deps, application, { user, since: first });
    assert.match(told[0] ?? '', new RegExp(`^Deployment ${looked} of app\\. `));

    const second = await beginPush(deps, application, user);
    assert.deepEqual(await endPush(deps, application, { user, since: second }), []);
    await move(MASTER, 1_000_000_001);
    const [line] = await endPush(deps, application, { user, since: second });
    assert.match(line ?? '', /^Deployment deployment_/);
    assert.ok(!line?.includes(looked));
  },
);

onEachDatabase(
  'a push behind too many deployments is refused before it moves',
  async (database, t) => {
    const { id, deps, move, application, user } = await openRepository(database, t);
    await setLimit(deps, {
      name: 'queued-deployments',
      ownerId: application.ownerId,
      value: 1,
      by: PLATFORM,
    });
    await requirePush(deps, application);
    const since = await beginPush(deps, application, user);
    await move(MASTER, 1_000_000_000);
    await endPush(deps, application, { user, since });
    await assert.rejects(requirePush(deps, application), {
      code: 'limit_reached',
      message: /The limit "queued-deployments" is 1 .* there are 1\./,
    });
    await move(MASTER, 1_000_000_001);
    assert.ok(await recordPushed(deps, id), 'what has moved all the same is never forgotten');
  },
);
