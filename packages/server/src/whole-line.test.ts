import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { InstanceSpec } from './workloads/engine.ts';
import type { Fate } from './engines/simulated/fate.ts';
import { MINUTE, SECOND } from './lib/duration.ts';
import { onEachDatabase } from './testing/database.ts';
import type { FrailDatabase } from './testing/life.ts';
import { device } from './testing/leases.ts';
import { findFaults, findFaultsNow, unfinished } from './testing/look-for-faults.ts';
import { carryOut, makeScene } from './testing/world-deeds.ts';
import type { Deed, Scene } from './testing/world-deeds.ts';
import { withWorld } from './testing/world.ts';
import type { World } from './testing/world.ts';

const APPLICATIONS = [
  { variant: 'ml_python', flavor: 'XS' },
  { variant: 'ml_python_web', flavor: 'XS' },
  { variant: 'ml_python', flavor: 'ML_XS' },
];

const devices = [device(0), device(1)];

const application = fc.nat(APPLICATIONS.length - 1);
const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push'), application, commit: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('restart', 'stop', 'cancel', 'stop_run', 'delete'),
      application,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('run'),
      application,
      nodes: fc.integer({ min: 1, max: 2 }),
      retries: fc.nat(2),
      maxMs: fc.option(fc.constant(30 * SECOND), { nil: undefined }),
    }),
  },
  fc.record({ do: fc.constant('lose'), instance: fc.nat(9) }),
  fc.record({ do: fc.constant('engine'), away: fc.boolean() }),
  fc.record({ do: fc.constant('fault'), device: fc.nat(1), well: fc.boolean() }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('kill'),
      commits: fc.integer({ min: 1, max: 40 }),
      when: fc.constantFrom('right after', 'before the next'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.integer({ min: 1, max: 90 * SECOND }) }),
  },
) as fc.Arbitrary<Deed>;

const anyFate: fc.Arbitrary<Fate> = fc.record(
  {
    runsFor: fc.integer({ min: 0, max: 2 * MINUTE }),
    exit: fc.oneof(
      fc.record({ exitCode: fc.constantFrom(0, 1) }),
      fc.constant({ signal: 'SIGKILL' }),
      fc.constantFrom(
        { reason: 'memory_limit' },
        { reason: 'start_failed' },
        { reason: 'disk_full' },
      ),
    ),
    serves: fc.boolean(),
  },
  { requiredKeys: ['runsFor'] },
) as fc.Arbitrary<Fate>;

/** The n-th instance that starts has the n-th fate; a Webapp’s goes on, unless it fails at once. */
function fates(given: readonly Fate[]): (spec: InstanceSpec) => Fate {
  let count = 0;
  return ({ port }) => {
    const fate = given[count % given.length] ?? {};
    count += 1;
    if (port === undefined) return fate;
    return fate.exit === undefined
      ? { ...(fate.serves !== undefined && { serves: fate.serves }) }
      : fate;
  };
}

const REST_WITHIN = 60;

/** How many of them are tried; on PostgreSQL a quarter of them. */
const WORLDS = Number(process.env['GRID_WORLDS'] ?? 20);

/** Nothing stands in the way any more: until all is over that ends. */
async function comeToRest(world: World, step = MINUTE): Promise<void> {
  if (!(await world.settle())) await world.restart();
  world.database.life.begin();
  world.engine.setAway(false);
  world.devices.splice(0, devices.length, ...devices);
  for (let minute = 0; minute < REST_WITHIN; minute += 1) {
    if (!(await world.pass(step))) await world.restart();
    if ((await unfinished(world)).length === 0) break;
  }
  assert.ok(await world.pass(step));
  assert.deepEqual(await unfinished(world), [], 'it comes to rest');
}

onEachDatabase(
  'whatever happens, and whenever the process is killed, nothing is lost, doubled, leaked or unsaid',
  (database) => {
    const numRuns = database.kind === 'sqlite' ? WORLDS : Math.ceil(WORLDS / 4);
    return fc.assert(
      fc.asyncProperty(
        fc.array(anyDeed, { minLength: 1, maxLength: 14 }),
        fc.array(anyFate, { minLength: 1, maxLength: 6 }),
        fc.nat(2),
        async (deeds, given, steps) => {
          await clear(database);
          await withWorld(
            database,
            { devices, memoryMiB: 7_168, fateOf: fates(given), planOf: () => ({ steps }) },
            async (world) => {
              const scene = await makeScene(world, APPLICATIONS);
              for (const deed of deeds) {
                const found = await carryOut(scene, deed, findFaultsNow);
                assert.deepEqual(found ?? [], [], JSON.stringify(deed));
              }
              await comeToRest(world);
              assert.deepEqual(await findFaults(scene), []);
            },
          );
        },
      ),
      { numRuns, endOnFailure: true },
    );
  },
);

/** A push that did not come as far as moving its branch is to be made again, by whoever made it. */
const isLost = ({ world, applications }: Scene, deed: Deed): boolean =>
  deed.do === 'push' &&
  !applications.slice(deed.application, deed.application + 1).some((id) => world.heads.has(id));

/** Two pushes, a run and what serves, with the process killed before the commit after so many; whether it was. */
async function bringAbout(database: FrailDatabase, commits: number): Promise<boolean> {
  await clear(database);
  let wasKilled = false;
  const fateOf = ({ port }: InstanceSpec): Fate => (port === undefined ? { runsFor: SECOND } : {});
  const options = { devices, memoryMiB: 7_168, fateOf, planOf: () => ({ steps: 1 }) };
  await withWorld(database, options, async (world) => {
    const scene = await makeScene(world, [
      { variant: 'ml_python', flavor: 'XS' },
      { variant: 'ml_python_web', flavor: 'XS' },
    ]);
    const isAlive = async () => true;
    await world.settle();
    database.life.killAfter(commits, 'before the next');
    const deeds: Deed[] = [
      { do: 'push', application: 0, commit: 1 },
      { do: 'push', application: 1, commit: 1 },
      { do: 'pass', ms: 3 * SECOND },
    ];
    for (const deed of deeds) {
      if (await carryOut(scene, deed, isAlive)) continue;
      wasKilled = true;
      if (isLost(scene, deed)) await carryOut(scene, deed, isAlive);
    }
    await comeToRest(world, 11 * SECOND);
    assert.deepEqual(await findFaults(scene), [], `killed after ${commits} commits`);
    const made = database.read.selectFrom('deployments').select('status').orderBy('status');
    const ends = (await made.execute()).map(({ status }) => status);
    assert.deepEqual(ends, ['completed', 'live'], `killed after ${commits} commits`);
    assert.equal(world.engine.started.length, 4, `killed after ${commits} commits`);
  });
  return wasKilled;
}

onEachDatabase(
  'wherever the process is killed on the way, a push comes to the same',
  async (database) => {
    const stride = Math.ceil((database.kind === 'sqlite' ? 60 : 600) / WORLDS);
    for (let commits = 1; await bringAbout(database, commits); commits += stride);
  },
);

async function clear(database: FrailDatabase): Promise<void> {
  await database.transaction(async (tx) => {
    for (const table of TABLES) await tx.deleteFrom(table).execute();
  });
}

const TABLES = [
  'usageIntervals',
  'events',
  'instances',
  'leases',
  'devices',
  'attempts',
  'runs',
  'workloads',
  'artifacts',
  'deployments',
  'repositories',
  'domains',
  'dependencies',
  'environmentValues',
  'exposedValues',
  'applications',
  'members',
  'organizations',
  'tokens',
  'users',
  'claimTokens',
  'reconciliations',
] as const;
