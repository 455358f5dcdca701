import type { Exposed } from '../metrics/prometheus.ts';
import { readHolders } from '../metrics/read-metrics.ts';
import type { Foundation } from './foundation.ts';

/** The devices of this machine as Prometheus is told of them, and who has leased which. */
export async function exposeDevices({
  database,
  inventory,
}: Pick<Foundation, 'database' | 'inventory'>): Promise<Exposed> {
  const holders = await readHolders(database.read);
  return {
    devices: inventory.devices().filter(({ health }) => health !== 'missing'),
    holderOf: (uuid) => holders.get(uuid),
    families: [],
  };
}
