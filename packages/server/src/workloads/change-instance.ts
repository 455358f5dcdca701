import type { InstanceId } from '../lib/ids.ts';
import { transition } from '../states/transition.ts';
import type { Tx } from '../store/database.ts';
import type { Exit, Observation } from './engine.ts';
import { instanceMachine } from './machines.ts';

type Running = Extract<Observation['state'], { status: 'running' }>;

/** Records that an instance runs, and where; false where that was known. */
export const noteStarted = (
  tx: Tx,
  id: InstanceId,
  { startedAt, endpoint }: Running,
): Promise<boolean> =>
  transition(
    tx,
    instanceMachine,
    { id },
    {
      event: 'started',
      facts: { endpointHost: endpoint?.host ?? null, endpointPort: endpoint?.port ?? null },
      at: startedAt,
    },
  );

/** Records that an instance does what it is for; false where it is over. */
export const noteHealthy = (tx: Tx, id: InstanceId, at: number): Promise<boolean> =>
  transition(tx, instanceMachine, { id }, { event: 'healthy', at });

/** Records that an instance did not prove its health in time; it still runs. */
export const noteUnhealthy = (
  tx: Tx,
  id: InstanceId,
  { detail, at }: { detail: string; at: number },
): Promise<boolean> =>
  transition(tx, instanceMachine, { id }, { event: 'unhealthy', facts: { detail }, at });

/** Records how an instance ended; false where that was known. */
export function noteExited(
  tx: Tx,
  id: InstanceId,
  exit: Exit & { startedAt?: number },
): Promise<boolean> {
  const facts = {
    exitCode: exit.exitCode ?? null,
    signal: exit.signal ?? null,
    reason: exit.reason,
    detail: exit.detail ?? null,
    ...(exit.startedAt !== undefined && { startedAt: exit.startedAt }),
  };
  return transition(tx, instanceMachine, { id }, { event: 'exited', facts, at: exit.at });
}
