import { SECOND } from '../lib/duration.ts';
import type { WorkloadId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import { transition } from '../states/transition.ts';
import { workloadMachine } from './machines.ts';

/** How long requests under way may hold on to instances that are replaced: with a GPU, less. */
const DRAIN_WITHIN = { gpu: 30 * SECOND, cpu: 120 * SECOND };
const LOOK_EVERY = 250;

/** The router sends nothing new to the workload from now on. */
export async function beginDraining(tx: Tx, id: WorkloadId, at: number): Promise<void> {
  await transition(tx, workloadMachine, { id }, { event: 'draining', at });
}

/** Whether a workload that is replaced may go, or when to look again. */
export function planDrain(
  { drainingAt, gpus }: { drainingAt: number; gpus: number },
  { inFlight, now }: { inFlight: number; now: number },
): { done: true } | { done: false; lookAt: number } {
  const deadline = drainingAt + (gpus > 0 ? DRAIN_WITHIN.gpu : DRAIN_WITHIN.cpu);
  if (inFlight === 0 || now >= deadline) return { done: true };
  return { done: false, lookAt: Math.min(deadline, now + LOOK_EVERY) };
}
