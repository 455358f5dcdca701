import type { Deployment } from '../deployments/deployment.ts';
import type { Clock } from '../lib/clock.ts';
import type { Followers } from '../logs/followers.ts';
import { LAST_LINES_WITHIN } from '../logs/log-subject.ts';
import type { DeploymentStatus } from '../store/schema.ts';

/** Statuses that a client waits for; where nothing goes on running, the log has an end too. */
const ENDS: Partial<Record<DeploymentStatus, { toTheEnd: boolean }>> = {
  live: { toTheEnd: false },
  completed: { toTheEnd: true },
  failed: { toTheEnd: true },
  cancelled: { toTheEnd: true },
};

/**
 * Holds an answer that shows the end of deployments until their followers have read it too: clients that
 * ask for that stop reading then.
 */
export async function awaitFollowers(
  { followers, clock }: { followers: Followers; clock: Clock },
  deployments: readonly Deployment[],
): Promise<void> {
  const now = clock();
  const waits = deployments.map(async ({ id, applicationId, status, finishedAt }) => {
    const end = ENDS[status];
    const left = (finishedAt ?? 0) + LAST_LINES_WITHIN - now;
    if (end === undefined || left <= 0) return;
    const wanted = { applicationId, deploymentId: id, ...end };
    await followers.haveRead(wanted, AbortSignal.timeout(Math.min(left, LAST_LINES_WITHIN)));
  });
  await Promise.all(waits);
}
