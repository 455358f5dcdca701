import type { Actor } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import type { Tx } from '../store/database.ts';
import type { FlavorChange } from './flavor.ts';
import type { PlannedFlavor } from './plan-flavors.ts';

const about = (subjectId: string) => ({ ownerId: null, applicationId: null, subjectId });

type Done = { by: Actor; at: number };

export function recordCreated(tx: Tx, flavor: PlannedFlavor, done: Done): Promise<void> {
  const { name, cpus, memoryMiB, diskMiB, gpus, deviceModel, microEurosPerDay } = flavor;
  const data = { cpus, memoryMiB, diskMiB, gpus, deviceModel, microEurosPerDay };
  return appendEvent(tx, { ...about(name), kind: 'flavor.created', data, ...done });
}

export const recordChanged = (
  tx: Tx,
  name: string,
  { changes, ...done }: Done & { changes: FlavorChange },
): Promise<void> =>
  appendEvent(tx, { ...about(name), kind: 'flavor.changed', data: { changes }, ...done });

export const recordDeleted = (tx: Tx, name: string, done: Done): Promise<void> =>
  appendEvent(tx, { ...about(name), kind: 'flavor.deleted', data: {}, ...done });
