import type { InstanceId } from '../lib/ids.ts';
import type { Database, Tx } from '../store/database.ts';
import { noteHealthy, noteUnhealthy } from './change-instance.ts';
import { findInstance } from './instance-store.ts';
import { rulesOf, tellSubject } from './subject.ts';
import type { TellSubjects } from './subject.ts';
import type { Instance } from './workload.ts';

/** An instance whose health is still to be proved, or undefined. */
export async function findUnproved(
  { read }: Database,
  id: InstanceId,
): Promise<Instance | undefined> {
  const instance = await findInstance(read, id);
  return instance?.status === 'starting' && rulesOf(instance).serves ? instance : undefined;
}

/** The instance serves: visitors may be sent to it, and its subject may count on it. */
export async function recordHealthy(
  tx: Tx,
  subjects: TellSubjects,
  instance: Instance & { at: number },
): Promise<void> {
  if (await noteHealthy(tx, instance.id, instance.at)) await tellSubject(subjects, tx, instance);
}

/** The instance did not prove its health in time. */
export async function recordUnhealthy(
  tx: Tx,
  subjects: TellSubjects,
  { detail, ...instance }: Instance & { at: number; detail: string },
): Promise<void> {
  if (await noteUnhealthy(tx, instance.id, { detail, at: instance.at }))
    await tellSubject(subjects, tx, instance);
}
