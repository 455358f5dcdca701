import type { Scene } from './world-deeds.ts';
import type { World } from './world.ts';

const UNDER_WAY = ['queued', 'building', 'starting', 'running'] as const;

/** What is not over, or waits, by kind: nothing of it is left when a world has come to rest. */
export async function unfinished({ database: { read: db } }: World): Promise<string[]> {
  const deployments = await db
    .selectFrom('deployments')
    .select(['id', 'status', 'detail'])
    .where('status', 'in', UNDER_WAY)
    .execute();
  const runs = await db
    .selectFrom('runs')
    .select(['id', 'status', 'detail'])
    .where('finishedAt', 'is', null)
    .execute();
  const workloads = await db
    .selectFrom('workloads')
    .select(['id', 'state', 'wanted', 'subjectKind'])
    .where('state', '<>', 'gone')
    .where(({ or, eb }) =>
      or([
        eb('wanted', '=', 'gone'),
        eb('state', '=', 'waiting'),
        eb('drainingAt', 'is not', null),
      ]),
    )
    .execute();
  const leases = await db
    .selectFrom('leases')
    .select(['deviceUuid', 'detail'])
    .where('releasedAt', 'is', null)
    .where('endedAt', 'is not', null)
    .execute();
  const deleted = await db
    .selectFrom('applications')
    .select('id')
    .where('deletedAt', 'is not', null)
    .execute();
  return Object.entries({ deployments, runs, workloads, leases, deleted }).flatMap(
    ([kind, found]) => found.map((one) => `${kind}: ${JSON.stringify(one)}`),
  );
}

/** What must never be, whatever happened: each a sentence. */
export async function findFaults(scene: Scene): Promise<string[]> {
  const { world } = scene;
  return [
    ...(await lost(scene)),
    ...startedTwice(world),
    ...(await keptForNobody(world)),
    ...(await leaked(world)),
    ...(await badBills(world)),
    ...(await badRoutes(world)),
    ...world.failures,
  ];
}

/** What was said yes to is on record, what was pushed is deployed, and what is live is kept up. */
async function lost({ world, accepted }: Scene): Promise<string[]> {
  const db = world.database.read;
  const there = new Set<string>(
    (await db.selectFrom('applications').select('id').execute()).map(({ id }) => id),
  );
  const deployments = await db
    .selectFrom('deployments')
    .select(['id', 'applicationId', 'commitId', 'status'])
    .execute();
  const runs = await db.selectFrom('runs').select('id').execute();
  const known = new Set<string>([...deployments, ...runs].map(({ id }) => id));
  const kept = await db.selectFrom('workloads').selectAll().where('state', '<>', 'gone').execute();
  const up = new Set<string>(kept.map(({ subjectId }) => subjectId));
  return [
    ...accepted
      .filter(({ id, applicationId }) => there.has(applicationId) && !known.has(id))
      .map(({ id }) => `${id} was said yes to, and is lost`),
    ...[...world.heads]
      .filter(([id]) => there.has(id))
      .flatMap(([id, heads]) => heads.map(({ commitId }) => [id, commitId] as const))
      .filter(
        ([id, commitId]) =>
          !deployments.some((one) => one.applicationId === id && one.commitId === commitId),
      )
      .map(([id, commitId]) => `${commitId} was pushed to ${id}, and is not deployed`),
    ...deployments
      .filter(({ id, status }) => status === 'live' && !up.has(id))
      .map(({ id }) => `${id} is said to be live, and nothing keeps it up`),
    ...[...Map.groupBy(deployments, (one) => one.applicationId)]
      .filter(([, some]) => some.filter(({ status }) => status === 'live').length > 1)
      .map(([id]) => `${id} has two live deployments`),
  ];
}

function startedTwice({ engine }: World): string[] {
  const counts = Map.groupBy(engine.started, ({ instanceId }) => instanceId);
  const again = [...counts].filter(([, starts]) => starts.length > 1);
  const places = Map.groupBy(
    engine.running(),
    ({ workloadId, number }) => `${workloadId}/${number}`,
  );
  const doubled = [...places].filter(([, holders]) => holders.length > 1);
  return [
    ...again.map(([id]) => `${id} was started twice`),
    ...doubled.map(([place]) => `${place} runs twice`),
  ];
}

async function keptForNobody({ database: { read: db }, engine }: World): Promise<string[]> {
  const rows = await db.selectFrom('workloads').select('id').where('state', '<>', 'gone').execute();
  const present = new Set<string>(rows.map(({ id }) => id));
  return engine
    .kept()
    .filter(({ workloadId }) => !present.has(workloadId))
    .map(({ instanceId }) => `the engine keeps ${instanceId} for nobody`);
}

/** What the engine keeps is what rows say, and the other way round; a device is held for what is there. */
async function leaked({ database: { read: db }, engine }: World): Promise<string[]> {
  const rows = await db
    .selectFrom('instances as i')
    .innerJoin('workloads as w', 'w.id', 'i.workloadId')
    .select(['i.id', 'i.status', 'w.state'])
    .where('i.status', '<>', 'exited')
    .execute();
  const leases = await db
    .selectFrom('leases as l')
    .leftJoin('workloads as w', 'w.id', 'l.workloadId')
    .select(['l.deviceUuid as uuid', 'w.state'])
    .where('l.releasedAt', 'is', null)
    .execute();
  const known = new Set<string>(rows.map(({ id }) => id));
  const running = new Set<string>(engine.running().map(({ instanceId }) => instanceId));
  return [
    ...[...running].filter((id) => !known.has(id)).map((id) => `${id} runs for nobody`),
    ...rows
      .filter(({ id, status }) => status === 'healthy' && !running.has(id))
      .map(({ id }) => `${id} is said to run, and does not`),
    ...rows.filter(({ state }) => state === 'gone').map(({ id }) => `${id} outlived its workload`),
    ...leases
      .filter(({ state }) => state !== 'admitted')
      .map(({ uuid }) => `${uuid} is held for nobody`),
  ];
}

/** Nobody pays for what does not run, twice for the same, or for the time before there was room. */
async function badBills({ database: { read: db }, engine, clock }: World): Promise<string[]> {
  const intervals = await db
    .selectFrom('usageIntervals as u')
    .leftJoin('instances as i', 'i.id', 'u.instanceId')
    .leftJoin('workloads as w', 'w.id', 'i.workloadId')
    .select(['u.instanceId as id', 'u.startedAt as from', 'u.endedAt as to'])
    .select(['i.endedAt', 'w.admittedAt'])
    .execute();
  const running = new Set<string>(engine.running().map(({ instanceId }) => instanceId));
  const twice = Map.groupBy(intervals, ({ id }) => id);
  const open = intervals.filter(({ to, from }) => to === null && from < clock());
  return [
    ...[...twice].filter(([, some]) => some.length > 1).map(([id]) => `${id} is billed twice`),
    ...open.filter(({ id }) => !running.has(id)).map(({ id }) => `${id} is billed, and is over`),
    ...intervals
      .filter(({ from, to }) => to !== null && to < from)
      .map(({ id }) => `${id} is billed backwards`),
    ...intervals
      .filter(({ to, endedAt }) => to !== null && endedAt !== null && to > endedAt)
      .map(({ id }) => `${id} is billed for longer than it was there`),
    ...intervals
      .filter(({ from, admittedAt }) => admittedAt !== null && from < admittedAt)
      .map(({ id }) => `${id} is billed for waiting`),
  ];
}

/** What must not be at any moment at which nothing is left to look at. */
export const findFaultsNow = async (world: World): Promise<string[]> => [
  ...(await waitsUnsaid(world)),
  ...(await keptForNobody(world)),
  ...(await attemptsAtOnce(world)),
];

/** One attempt of a run ends before the next begins. */
async function attemptsAtOnce({ database: { read: db } }: World): Promise<string[]> {
  const rows = await db
    .selectFrom('attempts as a')
    .innerJoin('instances as i', 'i.workloadId', 'a.workloadId')
    .select(['a.runId as id', 'a.number'])
    .where('i.status', '<>', 'exited')
    .execute();
  return [...Map.groupBy(rows, ({ id }) => id)]
    .filter(([, some]) => new Set(some.map(({ number }) => number)).size > 1)
    .map(([id]) => `two attempts of ${id} run at once`);
}

async function waitsUnsaid({ database: { read: db } }: World): Promise<string[]> {
  const workloads = await db
    .selectFrom('workloads')
    .select('id')
    .where('state', '=', 'waiting')
    .where('wanted', '=', 'up')
    .where('reason', 'is', null)
    .execute();
  const queued = await db
    .selectFrom('deployments')
    .select('id')
    .where('status', '=', 'queued')
    .where('detail', 'is', null)
    .execute();
  const runs = await db
    .selectFrom('runs as r')
    .innerJoin('attempts as a', 'a.runId', 'r.id')
    .innerJoin('workloads as w', 'w.id', 'a.workloadId')
    .select('r.id')
    .where('r.status', '=', 'waiting')
    .where('r.detail', 'is', null)
    .where('w.state', '=', 'waiting')
    .where('w.wanted', '=', 'up')
    .execute();
  return [...workloads, ...queued, ...runs].map(({ id }) => `${id} waits, unsaid why`);
}

/** Visitors are sent to what runs, and to nothing else. */
async function badRoutes({ engine, routes }: World): Promise<string[]> {
  const running = new Set<string>(engine.running().map(({ instanceId }) => instanceId));
  return routes()
    .routes.flatMap(({ upstreams }) => upstreams)
    .filter(({ instanceId }) => !running.has(instanceId))
    .map(({ instanceId }) => `visitors are sent to ${instanceId}, which does not run`);
}
