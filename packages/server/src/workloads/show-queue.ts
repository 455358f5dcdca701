import { MINUTE, DAY, SECOND } from '../lib/duration.ts';
import type { OwnerId } from '../lib/ids.ts';
import { describeWait } from '../scheduling/describe-wait.ts';
import type { Expectation } from '../scheduling/describe-wait.ts';
import { devicesIn, memoryIn } from '../scheduling/capacity.ts';
import { isWaitReason, waitReasons } from '../lib/reason.ts';
import type { Reason } from '../lib/reason.ts';
import type { Reader } from '../store/database.ts';
import { expectStarts, planFacts } from './expect-starts.ts';
import { demandIn, factsFor, partitionOfWorkload, loadQueue } from './load-queue.ts';
import type { QueueDeps, QueueFacts } from './load-queue.ts';
import { countWaiting, selectForecasts, selectWaitingOf } from './queue-store.ts';
import type { Workload } from './workload.ts';

/** What is known now of one that waits. */
export type WaitView = {
  workload: Workload;
  partition: string;
  position: number | null;
  reason: Reason | null;
  detail: string | null;
  helps: string | null;
  /** When it should start, by what ran before. */
  expectedAt: number | null;
  /** When it starts at the latest, where that is all that can be said. */
  latestAt: number | null;
  /** Which of both it is: of a bound, whether it holds for certain. */
  expectation: 'estimate' | 'bound' | 'assumption' | null;
};

/** What waits of an owner's, as the queue would be planned this moment, and what there is to give. */
export async function showQueue(
  db: Reader,
  deps: QueueDeps,
  { ownerId, now }: { ownerId: OwnerId; now: number },
) {
  const facts = await loadQueue(db, deps, now);
  const look = viewer(facts);
  return {
    waiting: (await selectWaitingOf(db, ownerId)).map(look),
    waitingInAll: (await countWaiting(db)).reduce((sum, { count }) => sum + count, 0),
    memoryMiB: { total: memoryIn(facts.capacity), free: memoryIn(facts.free) },
    devices: countDevices(facts),
    accuracy: accuracyOf(await selectForecasts(db, now - 30 * DAY)),
  };
}

/** The same of one workload that waits. */
export async function showWait(
  db: Reader,
  deps: QueueDeps,
  { workload, now }: { workload: Workload; now: number },
): Promise<WaitView> {
  return viewer(await loadQueue(db, deps, now))(workload);
}

function viewer(facts: QueueFacts): (workload: Workload) => WaitView {
  const plan = planFacts(facts);
  const blocked = new Map(plan.blocked.map((one) => [one.id, one]));
  const starts = expectStarts(facts, plan);
  return (workload) => {
    const known = blocked.get(workload.id);
    const demand = demandIn(facts, workload);
    const expected = known?.limit === undefined ? starts.get(workload.id) : undefined;
    const { free } = plan;
    const wait =
      known === undefined
        ? { reason: workload.reason, detail: workload.detail }
        : describeWait(known, demand, { ...factsFor(facts, demand), free, expected });
    return {
      workload,
      ...wait,
      partition: partitionOfWorkload(workload),
      position: known?.position ?? null,
      helps: helpsAgainst(wait.reason),
      ...presentExpectation(wait.reason === 'owner_limit' ? undefined : expected),
    };
  };
}

/** What is measured and what is assumed, told apart. */
export const presentExpectation = (
  expected: Expectation | undefined,
): Pick<WaitView, 'expectedAt' | 'latestAt' | 'expectation'> => {
  if (expected === undefined) return { expectedAt: null, latestAt: null, expectation: null };
  const { at, basis } = expected;
  if (basis === 'history') return { expectedAt: at, latestAt: null, expectation: 'estimate' };
  return { expectedAt: null, latestAt: at, expectation: basis === 'limit' ? 'bound' : basis };
};

export const helpsAgainst = (reason: Reason | null): string | null =>
  isWaitReason(reason) ? waitReasons[reason].helps : null;

function countDevices({ devices, capacity, free, classes: { of } }: QueueFacts) {
  const classes = [...new Set(capacity.flatMap((host) => Object.keys(host.devices)))];
  return classes.map((name) => ({
    class: name,
    total: devicesIn(capacity, name),
    free: devicesIn(free, name),
    unwell: devices.filter((one) => one.health !== 'well' && of(one) === name).length,
  }));
}

/** How right the first word of a start was, over what has started since. */
function accuracyOf(
  forecasts: readonly { promisedAt: number | null; admittedAt: number | null }[],
) {
  const errors = forecasts
    .flatMap(({ promisedAt, admittedAt }) =>
      promisedAt === null || admittedAt === null ? [] : Math.abs(admittedAt - promisedAt),
    )
    .toSorted((a, b) => a - b);
  const median = errors[Math.floor(errors.length / 2)];
  const near = errors.filter((error) => error <= 10 * MINUTE).length;
  return {
    starts: errors.length,
    medianErrorSeconds: median === undefined ? null : Math.round(median / SECOND),
    withinTenMinutes: errors.length === 0 ? null : near / errors.length,
  };
}

/** How many wait, by partition and reason, of all owners; and how right foretold starts were. */
export async function summarizeQueue(db: Reader, now: number) {
  const waiting = (await countWaiting(db)).map(({ count, reason, ...of }) => ({
    partition: partitionOfWorkload(of),
    reason: reason ?? 'new',
    count,
  }));
  return { waiting, accuracy: accuracyOf(await selectForecasts(db, now - 30 * DAY)) };
}
