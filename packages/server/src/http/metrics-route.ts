import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../lib/refusal.ts';
import {
  CONTENT_TYPE,
  deviceFamilies,
  formatFamilies,
  instanceFamilies,
} from '../metrics/prometheus.ts';
import { readNewest } from '../metrics/read-metrics.ts';
import type { HttpContext } from './context.ts';
import { isLocal } from './operator-socket.ts';
import { identify } from './serve.ts';

/** What Prometheus scrapes: everybody's metrics, for operators and the machine itself. */
export function metricsRoute(app: FastifyInstance, context: HttpContext): void {
  app.get('/metrics', async (request, reply) => {
    await demandOperator(context, request);
    const newest = await readNewest(context.database.read, context.clock());
    const exposed = await context.exposed();
    const families = [
      ...instanceFamilies(newest),
      ...deviceFamilies(newest, exposed),
      ...exposed.families,
    ];
    return reply.type(CONTENT_TYPE).send(formatFamilies(families));
  });
}

async function demandOperator(context: HttpContext, request: FastifyRequest): Promise<void> {
  if (isLocal(request)) return;
  const { user } = await identify(context, request);
  if (!user.operator)
    throw new Refusal('forbidden', 'Only who looks after the platform may read its metrics.');
}
