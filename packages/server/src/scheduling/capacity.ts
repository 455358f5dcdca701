/** What a workload asks for. Each of its nodes is on one host, and it gets all of them or none. */
export type Demand = {
  nodes: number;
  /** Of each node. */
  memoryMiB: number;
  gpus: number;
  /** Which devices count, by their class; undefined where it needs none. */
  deviceClass: string | undefined;
  /** The classes that are meant, where that is the name of several: all its nodes get devices of one of them. */
  classes?: readonly string[];
};

/** The same for each class of devices that would do. */
export const choicesOf = ({ classes, ...demand }: Demand): readonly Demand[] =>
  classes === undefined ? [demand] : classes.map((deviceClass) => ({ ...demand, deviceClass }));

/** What is left of one host: memory, and devices by class. */
export type HostCapacity = { memoryMiB: number; devices: Record<string, number> };

/** What is left of every host, each at its place. */
export type Capacity = HostCapacity[];

/** Of a class on a host. What operators call a class may be what every object has, too, such as `constructor`. */
const devicesOn = ({ devices }: HostCapacity, deviceClass: string): number =>
  Object.hasOwn(devices, deviceClass) ? (devices[deviceClass] ?? 0) : 0;

/** So many of each class, which may be named several times. */
export function countByClass(counts: Iterable<readonly [string, number]>): Record<string, number> {
  const byClass = new Map<string, number>();
  for (const [name, count] of counts) byClass.set(name, (byClass.get(name) ?? 0) + count);
  return Object.fromEntries(byClass);
}

export const copyCapacity = (capacity: readonly HostCapacity[]): Capacity =>
  capacity.map(({ memoryMiB, devices }) => ({ memoryMiB, devices: { ...devices } }));

/** How many nodes of this size the host still holds. */
export function nodesThatFit(host: HostCapacity, { memoryMiB, gpus, deviceClass }: Demand): number {
  const byMemory = memoryMiB === 0 ? Infinity : Math.floor(host.memoryMiB / memoryMiB);
  if (gpus === 0 || deviceClass === undefined) return Math.max(0, byMemory);
  return Math.max(0, Math.min(byMemory, Math.floor(devicesOn(host, deviceClass) / gpus)));
}

/** Whether all nodes fit, wherever. */
export function fitsIn(capacity: Capacity, demand: Demand): boolean {
  let left = demand.nodes;
  return capacity.some((host) => (left -= nodesThatFit(host, demand)) <= 0);
}

/**
 * The host of each node, or undefined where not all fit. The fullest hosts that fit are taken first,
 * so that what is wide finds an empty one later.
 */
export function place(capacity: readonly HostCapacity[], demand: Demand): number[] | undefined {
  const candidates = capacity.flatMap((host, index) => {
    const fits = nodesThatFit(host, demand);
    return fits === 0 ? [] : { index, fits, host };
  });
  if (candidates.length > 1) candidates.sort((a, b) => compareCapacity(a.host, b.host, demand));
  const hosts: number[] = [];
  for (const { index, fits } of candidates) {
    for (let one = 0; one < fits && hosts.length < demand.nodes; one += 1) hosts.push(index);
    if (hosts.length === demand.nodes) return hosts;
  }
  return undefined;
}

function compareCapacity(a: HostCapacity, b: HostCapacity, { deviceClass }: Demand): number {
  const devices = (host: HostCapacity): number =>
    deviceClass === undefined ? countDevices(host) : devicesOn(host, deviceClass);
  return devices(a) - devices(b) || a.memoryMiB - b.memoryMiB;
}

const countDevices = ({ devices }: HostCapacity): number =>
  Object.values(devices).reduce((sum, one) => sum + one, 0);

/** Takes the capacity of one node on each of these hosts. */
export const take = (capacity: Capacity, demand: Demand, hosts: readonly number[]): void =>
  move(capacity, { demand, hosts, sign: -1 });

/** Gives it back. */
export const give = (capacity: Capacity, demand: Demand, hosts: readonly number[]): void =>
  move(capacity, { demand, hosts, sign: 1 });

function move(
  capacity: Capacity,
  { demand, hosts, sign }: { demand: Demand; hosts: readonly number[]; sign: 1 | -1 },
): void {
  const { memoryMiB, gpus, deviceClass } = demand;
  for (const index of hosts) {
    const host = capacity[index];
    if (host === undefined) continue;
    host.memoryMiB += sign * memoryMiB;
    if (deviceClass !== undefined && gpus > 0)
      host.devices[deviceClass] = devicesOn(host, deviceClass) + sign * gpus;
  }
}

/** What both leave: of each host the lesser. */
export const lesser = (a: readonly HostCapacity[], b: readonly HostCapacity[]): Capacity =>
  a.map((host, index) => {
    const other = b[index] ?? { memoryMiB: 0, devices: {} };
    const classes = Object.keys(host.devices);
    return {
      memoryMiB: Math.min(host.memoryMiB, other.memoryMiB),
      devices: Object.fromEntries(
        classes.map((name) => [name, Math.min(devicesOn(host, name), devicesOn(other, name))]),
      ),
    };
  });

/** Devices of a class in all. */
export const devicesIn = (capacity: readonly HostCapacity[], deviceClass: string): number =>
  capacity.reduce((sum, host) => sum + Math.max(0, devicesOn(host, deviceClass)), 0);

/** Devices that would do, of whichever class. */
export const devicesFor = (capacity: readonly HostCapacity[], demand: Demand): number =>
  choicesOf(demand).reduce(
    (sum, { deviceClass }) =>
      sum + (deviceClass === undefined ? 0 : devicesIn(capacity, deviceClass)),
    0,
  );

export const memoryIn = (capacity: readonly HostCapacity[]): number =>
  capacity.reduce((sum, { memoryMiB }) => sum + Math.max(0, memoryMiB), 0);
