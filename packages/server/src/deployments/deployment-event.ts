import type { Actor } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import type { Tx } from '../store/database.ts';
import { deploymentMachine } from './deployment.ts';
import type { Deployment } from './deployment.ts';

/** Records that a deployment is asked to end, in the transaction that asks. */
export function recordCancelAsked(
  tx: Tx,
  deployment: Deployment,
  { by, at }: { by: Actor; at: number },
): Promise<void> {
  const { ownerId, applicationId } = deployment;
  const about = { kind: 'deployment.cancel_asked', ownerId, applicationId } as const;
  return appendEvent(tx, { ...about, ...deploymentMachine.describe(deployment), by, at });
}
