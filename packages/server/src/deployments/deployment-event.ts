import { PLATFORM } from '../events/actor.ts';
import type { Actor } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import type { EventKind } from '../events/event.ts';
import type { Tx } from '../store/database.ts';
import type { Deployment } from './deployment.ts';

/** What those who hear of a deployment are told of it. */
export type DeploymentFacts = Pick<Deployment, 'commitId' | 'action' | 'cause'> & {
  deploymentId: Deployment['id'];
  reason?: string | null;
  detail?: string | null;
};

type Subject = Pick<
  Deployment,
  'id' | 'ownerId' | 'applicationId' | 'commitId' | 'action' | 'cause'
>;

/** Records that something became of a deployment, in the transaction that made it so. */
export function recordDeploymentEvent(
  tx: Tx,
  { id, ownerId, applicationId, commitId, action, cause }: Subject,
  event: {
    kind: Extract<EventKind, `deployment.${string}`>;
    by?: Actor;
    at: number;
    why?: { reason: string | null; detail: string | null };
  },
): Promise<void> {
  const { kind, at, why, by = PLATFORM } = event;
  const facts: DeploymentFacts = { deploymentId: id, commitId, action, cause, ...why };
  return appendEvent(tx, { ownerId, applicationId, subjectId: id, kind, by, at, data: facts });
}
