import type { KnownDevice } from '../devices/known-device.ts';
import type { Counter, Gauge, Values } from './metric.ts';
import type { Holder, SampledInstance } from './metrics-store.ts';
import type { Newest } from './read-metrics.ts';

/** A metric with what it stands at, as Prometheus takes it. */
export type Family = {
  name: string;
  help: string;
  type: 'gauge' | 'counter';
  samples: readonly { labels: Labels; value: number }[];
};

/** Names are written as they are, values may be anything. */
export type Labels = Readonly<Record<string, string>>;

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The text that Prometheus scrapes, format 0.0.4; a metric that has no samples is left out. */
export const formatFamilies = (families: readonly Family[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, help, type, samples }) =>
        `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n` +
        samples.map(({ labels, value }) => `${name}${format(labels)} ${spell(value)}\n`).join(''),
    )
    .join('');

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

function format(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const spell = (value: number): string =>
  Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';

type Described = Pick<Family, 'name' | 'help' | 'type'> & { of: Gauge | Counter };

const ofInstances: readonly Described[] = [
  {
    of: 'cpu',
    name: 'grid_instance_cpu_cores',
    type: 'gauge',
    help: 'CPU cores that the instance used in the last ten seconds.',
  },
  {
    of: 'memory',
    name: 'grid_instance_memory_bytes',
    type: 'gauge',
    help: 'Memory that the instance uses, without the file cache that can be taken back.',
  },
  {
    of: 'received',
    name: 'grid_instance_network_receive_bytes_total',
    type: 'counter',
    help: 'Bytes that the instance has received since it started.',
  },
  {
    of: 'sent',
    name: 'grid_instance_network_transmit_bytes_total',
    type: 'counter',
    help: 'Bytes that the instance has sent since it started.',
  },
];

const ofDevices: readonly Described[] = [
  {
    of: 'utilization',
    name: 'grid_device_utilization_ratio',
    type: 'gauge',
    help: 'How much of the time the device computed, 0 to 1.',
  },
  {
    of: 'memory',
    name: 'grid_device_memory_used_bytes',
    type: 'gauge',
    help: 'Memory of the device that is used.',
  },
  {
    of: 'power',
    name: 'grid_device_power_watts',
    type: 'gauge',
    help: 'Power that the device draws.',
  },
  {
    of: 'temperature',
    name: 'grid_device_temperature_celsius',
    type: 'gauge',
    help: 'Temperature of the device.',
  },
];

/** What instances use. */
export const instanceFamilies = ({ instances }: Pick<Newest, 'instances'>): Family[] =>
  gather(
    ofInstances,
    instances.map(({ instance, values }) => ({ values, labels: labelsOf(instance) })),
  );

const labelsOf = (instance: SampledInstance): Labels => ({
  owner_id: instance.ownerId,
  app_id: instance.applicationId ?? '',
  app_name: instance.applicationName ?? '',
  deployment_id: instance.deploymentId,
  instance_id: instance.id,
  instance_number: String(instance.number),
  flavor: instance.flavor,
});

type ExposedDevice = Pick<KnownDevice, 'uuid' | 'model' | 'position' | 'memoryMiB'>;

/** What the devices of this machine do, and who has leased which. */
export function deviceFamilies(
  { devices: measured }: Pick<Newest, 'devices'>,
  { devices, holderOf }: Pick<Exposed, 'devices' | 'holderOf'>,
): Family[] {
  const labelled = devices.map((device) => ({
    device,
    values: measured.get(device.uuid) ?? {},
    labels: labelsOfDevice(device, holderOf(device.uuid)),
  }));
  const total: Family = {
    name: 'grid_device_memory_total_bytes',
    type: 'gauge',
    help: 'Memory that the device has.',
    samples: labelled.map(({ device, labels }) => ({ labels, value: device.memoryMiB * 2 ** 20 })),
  };
  return [...gather(ofDevices, labelled), total];
}

/** What is exposed besides what instances use. */
export type Exposed = {
  devices: readonly ExposedDevice[];
  holderOf(uuid: string): Holder | undefined;
  families: readonly Family[];
};

export const nothingExposed: Exposed = {
  devices: [],
  holderOf: () => undefined,
  families: [],
};

const labelsOfDevice = (
  { uuid, model, position }: ExposedDevice,
  holder: Holder | undefined,
): Labels => ({
  uuid,
  model,
  index: String(position),
  ...(holder?.applicationId && { app_id: holder.applicationId }),
  ...(holder?.instanceId && { instance_id: holder.instanceId }),
});

const gather = (
  described: readonly Described[],
  subjects: readonly { values: Values; labels: Labels }[],
): Family[] =>
  described.map(({ of, ...family }) => ({
    ...family,
    samples: subjects.flatMap(({ values, labels }) => {
      const value = values[of];
      return value === undefined ? [] : [{ labels, value }];
    }),
  }));
