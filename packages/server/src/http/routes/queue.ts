import { queue } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { findApplication } from '../../applications/application-store.ts';
import { whyWaits } from '../../deployments/why-waits.ts';
import { DAY } from '../../lib/duration.ts';
import { findDeployments } from '../../runs/find-deployments.ts';
import { listPastRuns } from '../../runs/attempt-store.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';
import type { QueueDeps } from '../../workloads/load-queue.ts';
import { showQueue } from '../../workloads/show-queue.ts';
import type { WaitView } from '../../workloads/show-queue.ts';

type QueueNeeds = Serving & QueueDeps;

/** What waits, why, and what ran. */
export function queueRoutes(app: FastifyInstance, needs: QueueNeeds): void {
  const { database, clock } = needs;
  serve(app, needs, queue.getQueue, async ({ ownerId }) => {
    const shown = await showQueue(database.read, needs, { ownerId, now: clock() });
    return {
      ...shown,
      waiting: await Promise.all(shown.waiting.map((one) => present(needs, one))),
    };
  });
  serve(app, needs, queue.getWhy, async ({ application, query }) =>
    whyWaits(database.read, needs, { application, of: query.of, now: clock() }),
  );
  serve(app, needs, queue.listPastRuns, async ({ query }) => ({
    runs: await listPastRuns(database.read, query.since ?? clock() - 30 * DAY),
  }));
}

async function present({ database }: QueueNeeds, { workload, partition: line, ...view }: WaitView) {
  const { applicationId, subjectKind, subjectId, flavor, nodes, createdAt: since } = workload;
  const application = applicationId && (await findApplication(database.read, applicationId));
  const deploymentOf = await findDeployments(database.read, [workload]);
  return {
    kind: subjectKind === 'deployment' ? ('webapp' as const) : subjectKind,
    subject: { kind: subjectKind, id: subjectId },
    applicationId,
    applicationName: application ? application.name : applicationId,
    deploymentId: deploymentOf(workload),
    runId: subjectKind === 'run' ? subjectId : null,
    flavor,
    nodes,
    since,
    line,
    ...view,
  };
}
