import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import type { Exposed } from '../metrics/prometheus.ts';
import type { Database } from '../store/database.ts';
import { Refusal } from '../lib/refusal.ts';
import {
  CONTENT_TYPE,
  deviceFamilies,
  formatFamilies,
  instanceFamilies,
} from '../metrics/prometheus.ts';
import { readNewest } from '../metrics/read-metrics.ts';
import { isLocal } from './operator-socket.ts';
import { identify } from './serve.ts';

type MetricsNeeds = {
  database: Database;
  clock: Clock;
  /** What Prometheus is told besides what instances use. */
  exposed(): Promise<Exposed>;
};

/** What Prometheus scrapes: everybody's metrics, for operators and the machine itself. */
export function metricsRoute(app: FastifyInstance, needs: MetricsNeeds): void {
  app.get('/metrics', async (request, reply) => {
    await requireOperator(needs, request);
    const newest = await readNewest(needs.database.read, needs.clock());
    const exposed = await needs.exposed();
    const families = [
      ...instanceFamilies(newest),
      ...deviceFamilies(newest, exposed),
      ...exposed.families,
    ];
    return reply.type(CONTENT_TYPE).send(formatFamilies(families));
  });
}

async function requireOperator(needs: MetricsNeeds, request: FastifyRequest): Promise<void> {
  if (isLocal(request)) return;
  const { user } = await identify(needs, request);
  if (!user.operator)
    throw new Refusal('forbidden', 'Only who looks after the platform may read its metrics.');
}
