import assert from 'node:assert/strict';
import { onEachDatabase } from '../testing/database.ts';
import { openQueue } from '../testing/open-queue.ts';
import type { Made } from '../testing/open-queue.ts';
import { showQueue } from './show-queue.ts';

onEachDatabase(
  'a start is foretold, kept as it was said first, and planned anew when it passes',
  async (database) => {
    const { make, plan, find, clock } = await openQueue(database, { memoryMiB: 256 });
    await make({ took: 60_000 });
    await plan();
    const waits = await make({ at: 2 });
    const again = await plan();
    const { promisedAt } = await find(waits);
    assert.ok(promisedAt !== null && promisedAt > clock.now);
    assert.equal(again, promisedAt + 1);
    clock.now = promisedAt + 1;
    assert.ok(((await plan()) ?? 0) > clock.now);
    assert.equal((await find(waits)).promisedAt, promisedAt);
  },
);

onEachDatabase(
  'a start that hangs on what has no history is not foretold: it is said to be unknown, and no forecast',
  async (database) => {
    const told = async (first: Made) => {
      const { make, plan, find, end, deps, ownerId, clock } = await opened;
      const holder = await make(first);
      await plan();
      const waits = await make({ at: 2 });
      await plan();
      const { detail, promisedAt } = await find(waits);
      const now = clock.now;
      const { waiting } = await showQueue(database.read, deps, { ownerId, now });
      const [shown = assert.fail()] = waiting;
      const { expectedAt, latestAt, expectation } = shown;
      for (const id of [holder, waits]) await end(id);
      const after = (at: number | null) => (at === null ? null : at - now);
      return {
        expectation,
        promised: promisedAt !== null,
        expected: after(expectedAt),
        latest: after(latestAt),
        said: /It is expected .*|When it starts .*/.exec(detail ?? '')?.[0],
      };
    };
    const opened = openQueue(database, { memoryMiB: 256 });
    const hour = 3_600_000;
    assert.deepEqual(await told({}), {
      expectation: 'assumption',
      promised: false,
      expected: null,
      latest: 24 * hour,
      said: 'When it starts is not known: the runs before it have no history; at the latest in about 24 hours, if none takes longer than is assumed.',
    });
    assert.deepEqual(await told({ maxDuration: 3 * hour }), {
      expectation: 'bound',
      promised: false,
      expected: null,
      latest: 3 * hour,
      said: 'When it starts is not known: the runs before it have no history; at the latest in about 3 hours.',
    });
    assert.deepEqual(await told({ took: hour, maxDuration: 3 * hour }), {
      expectation: 'estimate',
      promised: true,
      expected: 1.3 * hour,
      latest: null,
      said: 'It is expected to start in about 78 minutes.',
    });
    const { deps, ownerId } = await opened;
    const { accuracy } = await showQueue(database.read, deps, { ownerId, now: 101 });
    assert.equal(accuracy.starts, 0);
  },
);

onEachDatabase(
  'what starts in the same look has no more history than what runs',
  async (database) => {
    const { make, plan, find } = await openQueue(database, { memoryMiB: 256 });
    await make({ maxDuration: 600_000 });
    const waits = await make({ at: 2 });
    await plan();
    const { detail, promisedAt } = await find(waits);
    assert.match(detail ?? '', /is not known: .* at the latest in about 10 minutes\.$/);
    assert.equal(promisedAt, null);
  },
);

onEachDatabase(
  'what has no history spoils no forecast that does not hang on it',
  async (database) => {
    const { make, plan, find, clock } = await openQueue(database, { memoryMiB: 512 });
    await make({ took: 60_000 });
    await make();
    await plan();
    const [next, last] = [await make({ at: 2 }), await make({ at: 3 })];
    await plan();
    assert.equal((await find(next)).promisedAt, clock.now + 78_000);
    const { promisedAt, detail } = await find(last);
    assert.equal(promisedAt, null, 'the next has no history either');
    assert.match(detail ?? '', /is not known: .* at the latest in about 24 hours, if none/);
  },
);

onEachDatabase(
  'what would start sooner where nothing ended, since nobody could say when its turn comes, is not foretold',
  async (database) => {
    const hour = 3_600_000;
    const { make, plan, find, deps, ownerId, clock } = await openQueue(database, {
      memoryMiB: 8 * 256,
    });
    await make({ nodes: 7 });
    await plan();
    const wide = await make({ nodes: 8, took: hour, at: 2 });
    const long = await make({ took: 30 * hour, at: 3 });
    await plan();
    for (const id of [wide, long]) assert.equal((await find(id)).promisedAt, null);
    const { waiting } = await showQueue(database.read, deps, { ownerId, now: clock.now });
    assert.deepEqual(
      waiting.map(({ workload, latestAt, expectation }) => [workload.id, expectation, latestAt]),
      [
        [wide, 'assumption', clock.now + 24 * hour],
        [long, 'assumption', clock.now + 25.3 * hour],
      ],
    );
  },
);
