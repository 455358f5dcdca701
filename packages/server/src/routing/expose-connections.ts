import type { Family } from '../metrics/prometheus.ts';
import type { RouterHandle } from './keep-router.ts';
import type { ConnectionCount } from './route-table.ts';

const ANSWERS_WITHIN = 5_000;

/** What Prometheus is told of visitors; nothing while no router answers. */
export async function exposeConnections(
  router: Pick<RouterHandle, 'connections'>,
): Promise<Family[]> {
  const said = await router.connections(AbortSignal.timeout(ANSWERS_WITHIN)).catch(() => []);
  const families = Object.keys(FAMILIES) as (keyof typeof FAMILIES)[];
  return families.map((count) => ({ ...FAMILIES[count], samples: samplesOf(said, count) }));
}

const FAMILIES = {
  open: {
    name: 'grid_application_connections',
    type: 'gauge',
    help: 'Requests and WebSockets of the application that are under way.',
  },
  refused: {
    name: 'grid_application_connections_refused_total',
    type: 'counter',
    help: 'Visitors that were answered 503 since the application had all the connections that it may have.',
  },
} as const satisfies Record<keyof ConnectionCount, Omit<Family, 'samples'>>;

function samplesOf(
  said: readonly Readonly<Record<string, ConnectionCount>>[],
  count: keyof ConnectionCount,
): Family['samples'] {
  const sums = new Map<string, number>();
  for (const [id, counts] of said.flatMap(Object.entries<ConnectionCount>))
    sums.set(id, (sums.get(id) ?? 0) + counts[count]);
  return [...sums].map(([id, value]) => ({ labels: { app_id: id }, value }));
}
