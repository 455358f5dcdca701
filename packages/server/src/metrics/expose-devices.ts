import type { KnownDevice } from '../devices/known-device.ts';
import type { Inventory } from '../devices/inventory.ts';
import type { Clock } from '../lib/clock.ts';
import type { Database } from '../store/database.ts';
import { summarizeQueue } from '../workloads/show-queue.ts';
import type { Exposed, Family } from './prometheus.ts';
import { readHolders } from './metrics-store.ts';

type Deps = { database: Database; inventory: Inventory; clock: Clock };

/** The devices of this machine as Prometheus is told of them, and who has leased which. */
export async function exposeDevices({ database, inventory, clock }: Deps): Promise<Exposed> {
  const holders = await readHolders(database.read);
  const { waiting, accuracy } = await summarizeQueue(database.read, clock());
  return {
    devices: inventory.devices().filter(({ health }) => health !== 'missing'),
    holderOf: (uuid) => holders.get(uuid),
    families: [
      queueLength(waiting),
      unwellDevices(inventory.devices()),
      ...(accuracy.medianErrorSeconds === null ? [] : [startError(accuracy.medianErrorSeconds)]),
    ],
  };
}

const queueLength = (
  waiting: readonly { partition: string; reason: string; count: number }[],
): Family => ({
  name: 'grid_queue_waiting',
  help: 'What waits for capacity, by partition and reason.',
  type: 'gauge',
  samples: waiting.map(({ partition, reason, count }) => ({
    labels: { line: partition, reason },
    value: count,
  })),
});

const unwellDevices = (devices: readonly KnownDevice[]): Family => ({
  name: 'grid_device_unwell',
  help: '1 for a device that nobody gets: quarantined, or missing.',
  type: 'gauge',
  samples: devices.map(({ uuid, health, reason }) => ({
    labels: { uuid, reason: reason ?? '' },
    value: health === 'well' ? 0 : 1,
  })),
});

const startError = (seconds: number): Family => ({
  name: 'grid_queue_start_error_seconds',
  help: 'How far from what was foretold first half of the starts of the last 30 days were, at most.',
  type: 'gauge',
  samples: [{ labels: {}, value: seconds }],
});
