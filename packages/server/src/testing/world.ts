import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEnvironments } from '../applications/environments.ts';
import type { Environments } from '../applications/environments.ts';
import type { Builder } from '../builds/build.ts';
import type { InstanceSpec } from '../workloads/engine.ts';
import type { Fate } from '../engines/simulated/fate.ts';
import { createSimulatedEngine } from '../engines/simulated/simulated-engine.ts';
import type { SimulatedEngine } from '../engines/simulated/simulated-engine.ts';
import type { Head } from '../git/repository.ts';
import type { Clock } from '../lib/clock.ts';
import type { ApplicationId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { becomeLeader } from '../reconcile/leader.ts';
import type { Leadership } from '../reconcile/leader.ts';
import type { Loop } from '../reconcile/loop.ts';
import type { Kind, Reconciler } from '../reconcile/reconciler.ts';
import { createSubjects } from '../roles/create-subjects.ts';
import { createReconcilers } from '../roles/reconcilers.ts';
import { beginTerm } from '../roles/term.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { Device } from '../devices/device.ts';
import { openInventory } from '../devices/inventory.ts';
import { LOCAL } from '../lib/host.ts';
import type { Pool } from '../scheduling/pool.ts';
import { compareEngine } from '../workloads/compare-engine.ts';
import { engineChoiceOf } from './engine-choice.ts';
import { Killed } from './life.ts';
import type { FrailDatabase, FrailLife } from './life.ts';
import { openKeys } from './rows.ts';
import { simulatedBuilder } from './simulated-builder.ts';
import type { BuildPlan } from './simulated-builder.ts';
import { simulatedHealth } from './simulated-health.ts';
import type { SimulatedHealth } from './simulated-health.ts';

export type WorldOptions = {
  memoryMiB?: number;
  /** In place of one host of that much memory. */
  hosts?: Pool['hosts'];
  /** In place of one that is set. */
  clock?: Clock;
  /** What alone is looked at; everything where nothing is said. */
  looks?: readonly Kind[];
  devices?: readonly Device[];
  /** What becomes of each instance that starts; one that serves, or runs until it is ended, where nothing is said. */
  fateOf?(spec: InstanceSpec): Fate;
  planOf?(commitId: string): BuildPlan;
  /** No loop looks: the test does, by `look` and `lookAtAll` of `still-world.ts`. */
  still?: boolean;
};

/** A platform with nothing real behind it but its database and its loops. */
export type World = {
  database: FrailDatabase;
  clock: Clock;
  /** What the clock is set to. */
  time: { now: number };
  engine: SimulatedEngine;
  pool: Pool;
  environments: Environments;
  /** What the machine has; a look at it comes every fifteen seconds. */
  devices: Device[];
  /** What the devices' driver says in place of an answer, and which processes it sees at which device. */
  driver: { says: string | undefined; holders: Map<string, number[]> };
  /** Where the branches of each application are. */
  heads: Map<ApplicationId, Head[]>;
  /** The table that the router has. */
  routes(): RouteTable;
  /** Requests that are said to be under way at whichever instances are asked about. */
  requests: { underWay: number };
  /** Of the present leader. */
  term(): { epoch: number; reconcilers: Record<Kind, Reconciler>; health: SimulatedHealth };
  /** What users are told, by what it is about. */
  said: Map<string, string[]>;
  /** Whoever was erased. */
  erased: ApplicationId[];
  /** What failed, in words; a world in order has none. */
  failures: readonly string[];
  /** Lets everything that is due now happen; false where the process was killed meanwhile. */
  settle(): Promise<boolean>;
  /** Lets so much time pass, from one thing that comes due to the next; false as above. */
  pass(ms: number): Promise<boolean>;
  /** Another control plane takes over where the last one was killed, or ended. */
  restart(): Promise<void>;
};

type Site = Omit<World, 'settle' | 'pass' | 'restart' | 'term'> & {
  isStill: boolean;
  looks: readonly Kind[] | undefined;
  folder: string;
  failures: string[];
  planOf(commitId: string): BuildPlan;
  swap(table: RouteTable): void;
  say(of: { id: string }, line: string): Promise<void>;
};

type Observing = Parameters<typeof createReconcilers>[0]['observer'];

/** Gives `use` the production loops over this database, with a simulated engine and a clock that is set. */
export async function withWorld<T>(
  database: FrailDatabase,
  options: WorldOptions,
  use: (world: World) => Promise<T>,
): Promise<T> {
  const site = makeSite(database, options);
  let term = await begin(site);
  try {
    return await use({
      ...site,
      term: () => ({ ...term, epoch: term.leadership.epoch }),
      settle: () => settle(site, term),
      pass: (ms) => pass(site, term, site.time.now + ms),
      async restart() {
        await end(site, term);
        term = await begin(site);
      },
    });
  } finally {
    await end(site, term);
    rmSync(site.folder, { recursive: true, force: true });
  }
}

const BEGIN = Date.UTC(2026, 0);

function makeSite(database: FrailDatabase, options: WorldOptions): Site {
  const time = { now: BEGIN };
  const { clock = () => time.now } = options;
  const { memoryMiB = 16_384, devices = [], fateOf = () => ({}) } = options;
  const said = new Map<string, string[]>();
  let table: RouteTable = { version: 0, platformHosts: [], routes: [] };
  return {
    time,
    clock,
    database,
    engine: createSimulatedEngine({ name: 'process', clock, memoryMiB, fateOf }),
    planOf: options.planOf ?? (() => ({ steps: 0 })),
    pool: { hosts: options.hosts ?? [{ name: LOCAL, memoryMiB }], flavorDevices: [] },
    environments: createEnvironments(database, openKeys),
    devices: [...devices],
    driver: { says: undefined, holders: new Map() },
    heads: new Map(),
    requests: { underWay: 0 },
    folder: mkdtempSync(join(tmpdir(), 'grid-world-')),
    failures: [],
    said,
    say: async ({ id }, line) => void said.set(id, [...(said.get(id) ?? []), line]),
    erased: [],
    isStill: options.still ?? false,
    looks: options.looks,
    routes: () => table,
    swap: (next) => void (table = next),
  };
}

type Term = {
  loop: Loop;
  leadership: Leadership;
  health: SimulatedHealth;
  reconcilers: Record<Kind, Reconciler>;
  ending: AbortController;
};

async function begin(site: Site): Promise<Term> {
  const { database, clock, engine, folder } = site;
  database.life.begin();
  const within = AbortSignal.timeout(10_000);
  const leadership = await becomeLeader(database, join(folder, 'leader.db'), within);
  if (leadership === undefined) throw new Error('somebody else leads');
  const { environments, say } = site;
  const builder = simulatedBuilder(site.planOf);
  const subjects = createSubjects({ database, paths: dataPaths(folder), builder, environments });
  const health = simulatedHealth({ database, clock, subjects, serves: engine.serves });
  const ending = new AbortController();
  const reached = asLongAs(database.life, engine);
  const observer: Observing = {
    database,
    engines: () => reached,
    clock,
    health,
    subjects,
    say: ({ subjectId: id }, line) => say({ id }, line),
  };
  const reconcilers = await makeReconcilers(site, builder, observer);
  const { epoch } = leadership;
  const { signal } = ending;
  if (site.isStill) return { loop: NO_LOOP, leadership, health, ending, reconcilers };
  const loop = await beginTerm({
    database,
    clock,
    epoch,
    reconcilers: only(reconcilers, site.looks),
    observer,
    signal,
    log: logTo(site),
    concurrency: 32,
    engines: [reached],
    cleanupNames: ['engine'],
  });
  return { loop, leadership, health, ending, reconcilers };
}

const only = (
  reconcilers: Record<Kind, Reconciler>,
  looks: readonly Kind[] = Object.keys(reconcilers) as Kind[],
): Partial<Record<Kind, Reconciler>> =>
  Object.fromEntries(looks.map((kind) => [kind, reconcilers[kind]]));

const NO_LOOP: Loop = { wake: () => undefined, stop: async () => undefined };

/** The engine as a process reaches it: one that was killed asks nothing of it any more. */
const asLongAs = (life: FrailLife, engine: SimulatedEngine): SimulatedEngine => ({
  ...engine,
  async ensure(...asked) {
    life.requireAlive();
    await engine.ensure(...asked);
  },
  async remove(...asked) {
    life.requireAlive();
    await engine.remove(...asked);
  },
});

function logTo({ failures }: Site) {
  const fail = (facts: object, message: string): void => {
    const { err } = facts as { err?: unknown };
    if (!(err instanceof Killed)) failures.push(`${message}: ${String(err)}`);
  };
  return { debug() {}, info() {}, warn() {}, error: fail };
}

async function makeReconcilers(
  site: Site,
  builder: Builder,
  observer: Observing,
): Promise<Record<Kind, Reconciler>> {
  const { database, clock, pool, environments, devices, driver, heads, requests } = site;
  const { life } = database;
  const source = {
    async list() {
      if (driver.says !== undefined) throw new Error(driver.says);
      return devices;
    },
    holders: async () => driver.holders,
    measure: async () => [],
  };
  return createReconcilers({
    database,
    clock,
    pool,
    environments,
    observer,
    log: logTo(site),
    inventory: await openInventory(database, source),
    builder,
    say: site.say,
    engineChoice: engineChoiceOf('process'),
    platformHosts: ['localhost'],
    heads: async (id) => heads.get(id) ?? [],
    async eraseFiles({ id }) {
      heads.delete(id);
      site.erased.push(id);
    },
    router: {
      version: async () => site.routes().version,
      async put(table) {
        life.requireAlive();
        site.swap(table);
      },
      inFlight: async () => requests.underWay,
    },
    cleanup: compareEngine(observer, 'process'),
  });
}

async function end({ database }: Site, { loop, leadership, ending }: Term): Promise<void> {
  ending.abort();
  await loop.stop().catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  database.life.begin();
  await leadership.resign();
}

/** Until nothing is due and nothing is looked at. */
async function settle(site: Site, term: Term): Promise<boolean> {
  const { engine } = site;
  try {
    for (;;) {
      engine.tick();
      term.loop.wake();
      await term.health.prove();
      if (!(await isBusy(site))) return true;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return false;
  }
}

/** Whether something is due or looked at, or is over and not written down yet. */
async function isBusy({ database, engine, time }: Site): Promise<boolean> {
  const due = await database.read
    .selectFrom('reconciliations')
    .select('id')
    .where(({ or, eb }) => or([eb('claim', 'is not', null), eb('dueAt', '<=', time.now)]))
    .limit(1)
    .executeTakeFirst();
  if (due !== undefined) return true;
  const over = engine.over();
  if (over.length === 0) return false;
  const unwritten = await database.read
    .selectFrom('instances')
    .select('id')
    .where('id', 'in', over)
    .where('status', '<>', 'exited')
    .limit(1)
    .executeTakeFirst();
  return unwritten !== undefined;
}

async function pass(site: Site, term: Term, until: number): Promise<boolean> {
  const { database, engine, time } = site;
  while (await settle(site, term)) {
    const row = await database.read
      .selectFrom('reconciliations')
      .select(({ fn }) => fn.min('dueAt').as('dueAt'))
      .executeTakeFirst();
    const times = [row?.dueAt, engine.nextEnd(), term.health.nextDeadline()];
    const next = Math.min(until, ...times.flatMap((at) => at ?? []));
    if (time.now >= until) return true;
    time.now = Math.max(time.now + 1, next);
  }
  return false;
}
