import { copyCapacity } from '../scheduling/capacity.ts';
import type { Demand } from '../scheduling/capacity.ts';
import { simulate } from '../scheduling/simulate.ts';
import { describeNever } from '../scheduling/describe-wait.ts';
import type { Expectation } from '../scheduling/describe-wait.ts';
import { everFits } from '../scheduling/never-fits.ts';
import { limitWithout } from '../scheduling/owner-share.ts';
import { planQueue } from '../scheduling/plan-queue.ts';
import type { Allocation, QueuePlan } from '../scheduling/plan-queue.ts';
import type { EstimateBasis } from '../store/schema.ts';
import { demandIn, toQueued } from './load-queue.ts';
import type { QueueFacts } from './load-queue.ts';
import type { Workload } from './workload.ts';

/** How many of those that wait are told when they start: what is further behind depends on too much. */
const FORESIGHT = 100;

type Hopes = Pick<QueueFacts, 'waiting' | 'capacity' | 'classes' | 'shares'>;

/**
 * What the platform could not hold if it were empty, or its owner may not hold if nothing else of theirs ran, waits
 * for nothing: its deployment or run ends.
 */
export function sortOut(facts: Hopes): { hopeless: Workload[]; hopeful: Workload[] } {
  const { true: hopeful = [], false: hopeless = [] } = Object.groupBy(facts.waiting, (one) => {
    const demand = demandIn(facts, one);
    const isHopeful =
      everFits(facts.capacity, demand) && neverWithin(facts, one, demand) === undefined;
    return isHopeful ? 'true' : 'false';
  });
  return { hopeless, hopeful };
}

/** Why there is no hope for it. */
export function describeHopeless(facts: Hopes, workload: Workload): string {
  const demand = demandIn(facts, workload);
  const isTooBig = !everFits(facts.capacity, demand);
  return describeNever(demand, isTooBig ? undefined : neverWithin(facts, workload, demand));
}

const neverWithin = ({ shares }: Hopes, { ownerId }: Workload, demand: Demand) =>
  limitWithout(shares.get(ownerId), demand);

/** Who starts now of those for whom there is hope, and who waits. */
export function planFacts(
  facts: QueueFacts,
  hopeful: readonly Workload[] = sortOut(facts).hopeful,
): QueuePlan {
  const { free, allocations, shares, now } = facts;
  const queue = hopeful.map((one) => toQueued(facts, one));
  return planQueue({ free, allocations, shares, queue, now, overtaking: 'backfill' });
}

/**
 * When each of the first that wait is expected to start, if everything takes as long as is thought and nothing more
 * comes; and what that rests on: it is foretold by what ran before where it comes out the same although whatever
 * has no history never ended.
 */
export function expectStarts(facts: QueueFacts, plan: QueuePlan): ReadonlyMap<string, Expectation> {
  const bases = new Set([...facts.allocations, ...facts.waiting].map(basisOf));
  const starts = startsBy(facts, plan, ['history', 'limit', 'assumption']);
  const bounded = bases.has('assumption') ? startsBy(facts, plan, ['history', 'limit']) : starts;
  const sure = bases.has('limit') ? startsBy(facts, plan, ['history']) : bounded;
  return new Map(
    [...starts].map(([id, at]) => [
      id,
      {
        at,
        basis: sure.get(id) === at ? 'history' : bounded.get(id) === at ? 'limit' : 'assumption',
      },
    ]),
  );
}

type Ending = { basis?: EstimateBasis } | { estimateBasis: EstimateBasis | null };

const basisOf = (one: Ending): EstimateBasis =>
  ('estimateBasis' in one ? one.estimateBasis : one.basis) ?? 'history';

/**
 * The same if nothing ends but what is thought to for these reasons: by the reservations of those who have one, and by
 * the queue itself in virtual time. Who starts now has started.
 */
function startsBy(
  facts: QueueFacts,
  plan: QueuePlan,
  bases: readonly EstimateBasis[],
): ReadonlyMap<string, number> {
  const ends = (one: Ending): boolean => bases.includes(basisOf(one));
  const begun = new Map(plan.starts.map((one) => [one.id, one]));
  const { now } = facts;
  const starting = facts.waiting.flatMap((one): Allocation[] => {
    const start = begun.get(one.id);
    const endsAt = one.estimate === null || !ends(one) ? undefined : now + one.estimate;
    return start === undefined ? [] : [{ demand: start.demand, hosts: start.hosts, endsAt }];
  });
  const held = facts.allocations.map((one) => (ends(one) ? one : { ...one, endsAt: undefined }));
  const waiting = facts.waiting.filter(({ id }) => !begun.has(id));
  const left = {
    ...facts,
    free: copyCapacity(plan.free),
    waiting,
    allocations: [...held, ...starting],
  };
  return new Map([...simulatedStarts(left, ends), ...reservedStarts(planFacts(left))]);
}

const reservedStarts = ({ blocked }: QueuePlan): [string, number][] =>
  blocked.flatMap(({ id, startsAt }): [string, number][] =>
    startsAt === undefined ? [] : [[id, startsAt]],
  );

function simulatedStarts(facts: QueueFacts, ends: (one: Ending) => boolean): [string, number][] {
  const { now, free, allocations } = facts;
  const arrivals = sortOut(facts)
    .hopeful.slice(0, FORESIGHT)
    .map((one) => {
      const duration = ends(one) ? (one.estimate ?? undefined) : undefined;
      return { at: now, entry: toQueued(facts, one), duration };
    });
  const started = simulate({ now, free, allocations, arrivals, overtaking: 'backfill' });
  return [...started].map(([id, { startsAt }]) => [id, startsAt]);
}
