import { classFor } from '../devices/flavor-devices.ts';
import type { DeviceClasses, FlavorDevices } from '../devices/flavor-devices.ts';
import type { Flavor } from './flavor.ts';
import { countByClass } from './capacity.ts';
import type { Demand, Capacity } from './capacity.ts';

/** What is given out: memory of hosts, and their devices; CPU time is shares. */
export type Pool = {
  /** What instances may hold together: each host's memory less the reserve, in MiB; its CPUs, of which sizes are made. */
  hosts: readonly { name: string; memoryMiB: number; cpus?: number }[];
  flavorDevices: FlavorDevices;
};

/** A device that counts for somebody. */
export type PooledDevice = { host: string; model: string; parentUuid: string | null };

/** The memory of the biggest host: no instance can be larger. */
export const largestHost = ({ hosts }: Pool): number =>
  Math.max(0, ...hosts.map(({ memoryMiB }) => memoryMiB));

/** What the hosts have when nobody holds anything, with these devices. */
export function capacityOf(
  pool: Pool,
  devices: readonly PooledDevice[],
  classes: DeviceClasses,
): Capacity {
  return pool.hosts.map(({ name, memoryMiB }) => {
    const counts = devices
      .filter(({ host }) => host === name)
      .flatMap((device): [string, number][] => {
        const deviceClass = classes.of(device);
        return deviceClass === undefined ? [] : [[deviceClass, 1]];
      });
    return { memoryMiB, devices: countByClass(counts) };
  });
}

/** What so many nodes of a size ask for. */
export const demandOf = (
  { memoryMiB, gpus, name, deviceModel }: Flavor,
  nodes: number,
  { flavorDevices }: Pick<Pool, 'flavorDevices'>,
): Demand => ({
  nodes,
  memoryMiB,
  gpus,
  deviceClass: gpus === 0 ? undefined : (deviceModel ?? classFor(name, flavorDevices)),
});

/** The demand with the classes of devices that are meant. */
export const withClasses = (demand: Demand, { meantBy }: DeviceClasses): Demand =>
  demand.deviceClass === undefined ? demand : { ...demand, classes: meantBy(demand.deviceClass) };
