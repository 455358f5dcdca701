import { MINUTE } from '../lib/duration.ts';
import { spellRoughly } from '../lib/spell-duration.ts';
import { nameOfClass } from './never-fits.ts';
import type { LimitedBy } from './owner-share.ts';
import type { Blocked } from './plan-queue.ts';
import type { WaitReason } from '../lib/reason.ts';
import type { EstimateBasis } from '../store/schema.ts';
import { devicesFor, memoryIn } from './capacity.ts';
import type { Demand, HostCapacity } from './capacity.ts';

/** What an answer to "why does it wait" is made from. */
export type WaitFacts = {
  /** What nobody holds, and what there would be if nobody held anything. */
  free: readonly HostCapacity[];
  capacity: readonly HostCapacity[];
  /** Devices of its class that are given back and not proven free; that are not well. */
  fencing: number;
  unwell: number;
  /** The driver's tool does not answer. */
  driverSilent: boolean;
  now: number;
};

export type Wait = { reason: WaitReason; detail: string };

/** When something starts, if all takes as long as is thought, and what that rests on. */
export type Expectation = { at: number; basis: EstimateBasis };

/** Why one waits that the queue has blocked, with what would help to know. */
export function describeWait(
  blocked: Blocked,
  demand: Demand,
  { expected, ...facts }: WaitFacts & { expected?: Expectation | undefined },
): Wait {
  const when = expected === undefined ? '' : ` ${spellExpectation(expected, facts.now)}`;
  if (blocked.limit !== undefined)
    return { reason: 'owner_limit', detail: describeLimit(blocked.limit, demand) };
  if (blocked.cause === 'reserved')
    return {
      reason: 'behind_others',
      detail: `Number ${blocked.position} of those that wait for the same: it would delay one that came first, for which what it needs is reserved.${when}`,
    };
  return { ...describeShortage(demand, facts, when) };
}

/** Why there is no hope for one: it is more than there is, or than the limit of its owner. */
export const describeNever = (demand: Demand, limit: LimitedBy | undefined): string =>
  limit === undefined
    ? 'The platform could not hold it if it were empty: choose a smaller flavor or fewer nodes.'
    : `${describeLimit(limit, demand)} Choose a smaller flavor or fewer nodes, or ask the operator for a higher limit.`;

function describeLimit({ name, most, held }: LimitedBy, demand: Demand): string {
  const [unit, needed] = name === 'gpus' ? ['', demand.gpus] : [' MiB', demand.memoryMiB];
  const others = held === 0 ? '' : `${held} are held, and `;
  return `The limit "${name}" of its owner is ${most}${unit}: ${others}it needs ${needed * demand.nodes}.`;
}

function describeShortage(demand: Demand, facts: WaitFacts, when: string): Wait {
  const { gpus, nodes, deviceClass, memoryMiB } = demand;
  const needed = gpus * nodes;
  const free = devicesFor(facts.free, demand);
  if (needed === 0 || deviceClass === undefined || needed <= free)
    return {
      reason: 'no_memory',
      detail: `Needs ${memoryMiB * nodes} MiB of memory; ${memoryIn(facts.free)} of ${memoryIn(facts.capacity)} MiB are free.${when}`,
    };
  const count = `Needs ${needed} × ${nameOfClass(deviceClass)}; ${free} of ${devicesFor(facts.capacity, demand)} are free`;
  if (facts.driverSilent)
    return {
      reason: 'driver_unavailable',
      detail: `${count}. The driver’s tool does not answer: devices are offered again when it does.`,
    };
  if (free + facts.fencing >= needed)
    return {
      reason: 'device_fencing',
      detail: `${count}, ${facts.fencing} more when nobody is seen to use them any longer.`,
    };
  if (free + facts.fencing + facts.unwell >= needed)
    return {
      reason: 'device_quarantined',
      detail: `${count}; ${facts.unwell} are not well ("grid devices" says why).`,
    };
  return { reason: 'no_device', detail: `${count}.${when}` };
}

/** What is only assumed is not said as if it had been measured. */
function spellExpectation({ at, basis }: Expectation, now: number): string {
  const when = expectedIn(at - now);
  if (basis === 'history') return `It is expected to start ${when}.`;
  const unless = basis === 'limit' ? '' : ', if none takes longer than is assumed';
  return `When it starts is not known: the runs before it have no history; at the latest ${when}${unless}.`;
}

const expectedIn = (milliseconds: number): string =>
  milliseconds < MINUTE ? 'within a minute' : `in about ${spellRoughly(milliseconds)}`;
