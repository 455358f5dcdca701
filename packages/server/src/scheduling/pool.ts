import { classFor, classOf } from '../devices/flavor-devices.ts';
import type { FlavorDevices } from '../devices/flavor-devices.ts';
import type { Flavor } from './flavor.ts';
import type { Demand, Capacity } from './capacity.ts';

/** What is given out: memory of hosts, and their devices; CPU time is shares. */
export type Pool = {
  /** What instances may hold together: each host's memory less the reserve, in MiB. */
  hosts: readonly { name: string; memoryMiB: number }[];
  flavorDevices: FlavorDevices;
};

/** A device that counts for somebody. */
export type PooledDevice = { host: string; model: string; parentUuid: string | null };

/** The memory of the biggest host: no instance can be larger. */
export const largestHost = ({ hosts }: Pool): number =>
  Math.max(0, ...hosts.map(({ memoryMiB }) => memoryMiB));

/** What the hosts have when nobody holds anything, with these devices. */
export function capacityOf(pool: Pool, devices: readonly PooledDevice[]): Capacity {
  return pool.hosts.map(({ name, memoryMiB }) => {
    const byClass: Record<string, number> = {};
    for (const device of devices) {
      const deviceClass = classOf(device, pool.flavorDevices);
      if (device.host === name && deviceClass !== undefined)
        byClass[deviceClass] = (byClass[deviceClass] ?? 0) + 1;
    }
    return { memoryMiB, devices: byClass };
  });
}

/** What so many nodes of a size ask for. */
export const demandOf = (
  { memoryMiB, gpus, name }: Pick<Flavor, 'memoryMiB' | 'gpus' | 'name'>,
  nodes: number,
  { flavorDevices }: Pick<Pool, 'flavorDevices'>,
): Demand => ({
  nodes,
  memoryMiB,
  gpus,
  deviceClass: gpus === 0 ? undefined : classFor(name, flavorDevices),
});
