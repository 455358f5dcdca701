import type { Clock } from '../lib/clock.ts';
import { holdClaim } from '../reconcile/looks.ts';
import type { Claim, Reconciler } from '../reconcile/reconciler.ts';
import { describeWait } from '../scheduling/describe-wait.ts';
import type { Expectation, Wait } from '../scheduling/describe-wait.ts';
import { leaseDevices } from '../devices/devices.ts';
import type { Demand } from '../scheduling/capacity.ts';
import type { Blocked, QueuePlan } from '../scheduling/plan-queue.ts';
import { pickDevices } from '../devices/plan-devices.ts';
import { transition } from '../states/transition.ts';
import type { Database, Tx } from '../store/database.ts';
import { addAdmitted } from './add-instances.ts';
import { describeHopeless, expectStarts, planFacts, sortOut } from './expect-starts.ts';
import { demandIn, factsFor, freeDevices, loadQueue } from './load-queue.ts';
import type { QueueDeps, QueueFacts } from './load-queue.ts';
import { workloadMachine } from './machines.ts';
import { lockPool, setExpected } from './queue-store.ts';
import { tellSubject } from './subject.ts';
import type { TellSubjects } from './subject.ts';
import type { Workload } from './workload.ts';
import type { WaitReason } from '../lib/reason.ts';

type Deps = QueueDeps & { database: Database; clock: Clock; subjects: TellSubjects };

/**
 * Looks at everything that waits, and gives capacity and devices to what may start: all of its nodes or none.
 * Whatever waits on is told why, once, and again when the reason is another.
 */
export const queueReconciler =
  (deps: Deps): Reconciler =>
  async (claim) => {
    const facts = await loadQueue(deps.database.read, deps, deps.clock());
    const { hopeful, hopeless } = sortOut(facts);
    const plan = planFacts(facts, hopeful);
    await record(deps, claim, { facts, plan, hopeless });
    return nextReservation(plan, facts.now);
  };

/** The time of a reservation may pass without an end: then all is planned anew. */
function nextReservation({ blocked }: QueuePlan, now: number): number | undefined {
  const times = blocked.flatMap(({ startsAt }) => startsAt ?? []);
  return times.length === 0 ? undefined : Math.max(now + 1_000, Math.min(...times) + 1);
}

async function record(
  { database, clock, subjects }: Deps,
  claim: Claim,
  { facts, plan, hopeless }: { facts: QueueFacts; plan: QueuePlan; hopeless: readonly Workload[] },
): Promise<void> {
  const byId = new Map(facts.waiting.map((workload) => [workload.id as string, workload]));
  const told = describeBlocked(facts, plan, byId);
  const lost = hopeless.filter(({ reason }) => reason !== 'never_fits');
  if (plan.starts.length + told.length + lost.length === 0) return;
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    await lockPool(tx);
    const at = clock();
    const offered = createOffer(facts);
    for (const { id, ...start } of plan.starts) {
      const workload = byId.get(id);
      if (workload !== undefined)
        await admit(tx, subjects, { ...start, workload, facts, offered, at });
    }
    for (const wait of told) await tell(tx, subjects, { ...wait, at });
    for (const workload of lost) {
      const detail = describeHopeless(facts, workload);
      await delay(tx, workload, { reason: 'never_fits', detail, at });
      await tellSubject(subjects, tx, { ...workload, at });
    }
  });
}

type Told = {
  workload: Workload;
  reason: WaitReason;
  detail: string;
  expected: Expectation | undefined;
};

/** Those whose reason is new. */
function describeBlocked(
  facts: QueueFacts,
  plan: QueuePlan,
  byId: ReadonlyMap<string, Workload>,
): Told[] {
  const { free } = plan;
  const describe = (blocked: Blocked, workload: Workload, expected?: Expectation): Wait => {
    const demand = demandIn(facts, workload);
    return describeWait(blocked, demand, {
      ...factsFor(facts, demand),
      free,
      expected,
    });
  };
  const changed = plan.blocked.flatMap((blocked) => {
    const workload = byId.get(blocked.id);
    if (workload === undefined) return [];
    const { reason } = describe(blocked, workload);
    return workload.reason === reason ? [] : [{ blocked, workload, reason }];
  });
  if (changed.length === 0) return [];
  const starts = expectStarts(facts, plan);
  return changed.map(({ blocked, workload, reason }) => {
    // nobody knows when its owner lets something end
    const expected = reason === 'owner_limit' ? undefined : starts.get(workload.id);
    return { workload, ...describe(blocked, workload, expected), expected };
  });
}

async function delay(
  tx: Tx,
  { id }: Workload,
  { reason, detail, at }: { reason: WaitReason; detail: string; at: number },
): Promise<void> {
  const delayed = { event: 'delayed', facts: { reason, detail }, at } as const;
  await transition(tx, workloadMachine, { id }, delayed);
}

async function tell(
  tx: Tx,
  subjects: TellSubjects,
  { workload, reason, detail, expected, at }: Told & { at: number },
): Promise<void> {
  await delay(tx, workload, { reason, detail, at });
  // what is only assumed is no forecast, nor is what is known when it is about to start
  if (expected?.basis !== 'history') return tellSubject(subjects, tx, { ...workload, at });
  const isFirst = workload.reason === null;
  await setExpected(tx, workload.id, { expectedAt: expected.at, isFirst });
  await tellSubject(subjects, tx, { ...workload, at });
}

type Offer = ReturnType<typeof createOffer>;

/** The devices that are free, by host and class, each given once. */
function createOffer(facts: QueueFacts) {
  let free = freeDevices(facts);
  return (host: string, deviceClass: string, count: number): string[] | undefined => {
    const fitting = free.filter(
      (one) => one.host === host && facts.classes.of(one) === deviceClass,
    );
    const picked = pickDevices(fitting, count);
    free = free.filter(({ uuid }) => picked?.includes(uuid) !== true);
    return picked;
  };
}

type Admission = {
  workload: Workload;
  facts: QueueFacts;
  hosts: readonly number[];
  /** With the class of devices that it gets. */
  demand: Demand;
  offered: Offer;
  at: number;
};

async function admit(
  tx: Tx,
  subjects: TellSubjects,
  { workload, facts, hosts, demand, offered, at }: Admission,
): Promise<void> {
  const placement = hosts.map((index) => facts.pool.hosts[index]?.name ?? '');
  const admitted = {
    event: 'admitted',
    facts: { placement },
    at,
  } as const;
  const stillWanted = { id: workload.id, wanted: 'up' } as const;
  if (!(await transition(tx, workloadMachine, stillWanted, admitted))) return;
  await leaseDevices(tx, pickLeases(workload, demand, { placement, offered }), at);
  await addAdmitted(tx, { ...workload, state: 'admitted' }, at);
  if (workload.reason !== null) await tellSubject(subjects, tx, { ...workload, at });
}

/** The devices of each node, on the host that it is placed on. */
function pickLeases(
  workload: Workload,
  { gpus, deviceClass }: Demand,
  { placement, offered }: { placement: readonly string[]; offered: Offer },
) {
  const { id: workloadId, ownerId, applicationId, subjectKind, subjectId } = workload;
  if (gpus === 0 || deviceClass === undefined) return [];
  return placement.flatMap((host, number) => {
    const uuids = offered(host, deviceClass, gpus);
    if (uuids === undefined) throw new Error(`no ${gpus} devices are left for node ${number}`);
    const lease = { workloadId, ownerId, applicationId, subjectKind, subjectId, number };
    return uuids.map((deviceUuid) => ({ ...lease, deviceUuid }));
  });
}
