import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { onEachDatabase } from '../testing/database.ts';
import { ClaimLost, claimDue, holdClaim, nextDue, release, askForLook } from './looks.ts';
import { takeEpoch } from './reconciliation-store.ts';
import type { Database } from '../store/database.ts';

const taking = { now: 100, leaseMs: 50, epoch: 0, kinds: ['workload'], limit: 10 } as const;
const ask = (database: Database, id: string, at: number) =>
  database.transaction((tx) => askForLook(tx, 'workload', id, at));

onEachDatabase('two claimants never get the same thing', async (database) => {
  for (const id of ['a', 'b', 'c']) await ask(database, id, 1);
  const taken = await Promise.all(
    [1, 2, 3, 4].map(() => claimDue(database, { ...taking, limit: 2 })),
  );
  // on PostgreSQL some may find what they chose taken, and take nothing this time
  taken.push(await claimDue(database, taking));
  assert.deepEqual(
    taken
      .flat()
      .map(({ id }) => id)
      .toSorted(),
    ['a', 'b', 'c'],
  );
});

onEachDatabase('what is asked for while it is looked at comes due again', async (database) => {
  await ask(database, 'a', 1);
  const [claim] = await claimDue(database, taking);
  assert.ok(claim);
  await ask(database, 'a', 100);
  await release(database, [{ claim, dueAt: undefined, attempts: 0 }], 100);
  assert.equal((await claimDue(database, taking)).length, 1);
});

onEachDatabase('what is settled is not looked at again', async (database) => {
  await ask(database, 'a', 1);
  const [claim] = await claimDue(database, taking);
  assert.ok(claim);
  await release(database, [{ claim, dueAt: undefined, attempts: 0 }], 100);
  assert.equal(await nextDue(database, taking.kinds), undefined);
  assert.deepEqual(await claimDue(database, taking), []);
  const { rows } = await sql`select * from reconciliations`.execute(database.read);
  assert.deepEqual(rows, [], 'the table does not grow with history');
});

onEachDatabase(
  'a claim that ran out is taken by another, and its holder cannot write',
  async (database) => {
    await ask(database, 'a', 1);
    const [late] = await claimDue(database, taking);
    assert.ok(late);
    const [taken] = await claimDue(database, { ...taking, now: 200 });
    assert.equal(taken?.id, 'a');
    await assert.rejects(
      database.transaction((tx) => holdClaim(tx, late)),
      ClaimLost,
    );
  },
);

onEachDatabase('a new leader voids the claims of the one before at once', async (database) => {
  await ask(database, 'a', 1);
  const [old] = await claimDue(database, taking);
  assert.ok(old);
  const epoch = await database.transaction(takeEpoch);
  assert.equal((await claimDue(database, { ...taking, epoch })).length, 1);
  await assert.rejects(
    database.transaction((tx) => holdClaim(tx, old)),
    ClaimLost,
  );
});

onEachDatabase('asking again never makes a thing due later', async (database) => {
  await ask(database, 'a', 10);
  await ask(database, 'a', 500);
  assert.equal(await nextDue(database, taking.kinds), 10);
});

onEachDatabase(
  'a transaction inside a transaction is refused instead of waiting for ever',
  async (database) => {
    await assert.rejects(
      database.transaction(() => database.transaction(async () => undefined)),
      /inside a transaction/,
    );
  },
);
