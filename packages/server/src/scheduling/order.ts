import { DAY } from '../lib/duration.ts';
import type { Priority } from '../store/schema.ts';

/**
 * Among what one owner has waiting, whatever came first is first, and a priority is a head start: `high` counts as
 * if it had come a day earlier, `low` a day later. So nothing waits for ever, however much comes that is more urgent.
 */
const HEAD_START: Record<Priority, number> = { high: DAY, normal: 0, low: -DAY };

/** Somebody waits in front of what serves: it goes ahead of every run. */
const SERVING = 365 * DAY;

/**
 * What something is in the queue: a build, which is short and holds up somebody's push; a service, which somebody
 * waits in front of; or a run.
 */
export type QueueClass = 'build' | 'service' | 'run';

/** Where it stands among all that waits, whatever its owner thinks of it: by its class, and when it came. */
export const turnAt = (came: number, queueClass: QueueClass): number =>
  came - (queueClass === 'run' ? 0 : SERVING);

/** Where it stands among what its owner has waiting. */
export const queueAt = (
  came: number,
  { queueClass, priority }: { queueClass: QueueClass; priority: Priority },
): number => turnAt(came, queueClass) - (queueClass === 'run' ? HEAD_START[priority] : 0);

/** A turn of an owner's: which of theirs takes it is their own affair. */
export type Turn = { id: string; ownerId: string; turnAt: number };

/**
 * What is looked at first: each turn is taken by the first of its owner's that has none yet. A priority thus moves
 * an owner's things past one another, and nobody else's. Ties are settled by id.
 */
export function orderByTurn<T extends { id: string; ownerId: string; queueAt: number }>(
  turns: readonly Turn[],
  waiting: readonly T[],
): T[] {
  const sorted = waiting.toSorted((a, b) => a.queueAt - b.queueAt || compare(a.id, b.id));
  const ofOwner = new Map(
    [...Map.groupBy(sorted, ({ ownerId }) => ownerId)].map(([id, own]) => [id, own.values()]),
  );
  return turns
    .toSorted((a, b) => a.turnAt - b.turnAt || compare(a.id, b.id))
    .flatMap(({ ownerId }) => ofOwner.get(ownerId)?.next().value ?? []);
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/**
 * Who waits in the same partition asks for the same: devices by a name, memory alone, or, for builds, which are short
 * and hold up somebody's push, other builds. Two names may mean some of the same devices.
 */
export const partitionOf = (of: { queueClass: QueueClass; deviceClass: string | null }): string =>
  of.queueClass === 'build' ? 'build' : (of.deviceClass ?? 'cpu');
