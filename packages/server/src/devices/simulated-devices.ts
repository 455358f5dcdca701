import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Unavailable } from '../lib/unavailable.ts';
import type { Device, DeviceMeasure, DeviceSource } from './device.ts';
import { SIMULATED_MODELS } from './simulated-models.ts';

const SimulatedDevice = z.strictObject({
  uuid: z.string().min(1).optional(),
  model: z.string().min(1),
  memoryMiB: z.int().positive(),
  numa: z.int().nonnegative().optional(),
  parentUuid: z.string().min(1).optional(),
  holders: z.array(z.int().positive()).optional(),
  trouble: z
    .strictObject({
      reason: z.enum(['xid', 'device_error', 'device_lost']),
      detail: z.string().min(1),
    })
    .optional(),
  utilization: z.number().min(0).max(1).optional(),
  memoryUsedMiB: z.number().nonnegative().optional(),
  powerWatts: z.number().nonnegative().optional(),
  temperatureCelsius: z.number().optional(),
});

const SimulatedDevices = z.array(SimulatedDevice);

type Simulated = { device: Device; holders: readonly number[]; measure: DeviceMeasure | undefined };

/**
 * Devices that are only said to be there, by a list (`8xH100,2xL4`) or by the path of a JSON file, which is read
 * again at each call. Throws where a list names what nobody knows; what is wrong in a file rejects each call, with
 * its field.
 */
export function createSimulatedDevices(setting: string): DeviceSource {
  const read = isPath(setting) ? () => readDevices(setting) : always(parseList(setting));
  return {
    list: async () => (await read()).map(({ device }) => device),
    async holders(uuids) {
      const held = new Map((await read()).map(({ device, holders }) => [device.uuid, holders]));
      return new Map(
        uuids.map((uuid) => {
          const holders = held.get(uuid);
          if (holders === undefined)
            throw new Unavailable(`nobody can tell who holds ${uuid}: ${setting} does not name it`);
          return [uuid, holders];
        }),
      );
    },
    measure: async () => (await read()).flatMap(({ measure }) => measure ?? []),
  };
}

const always =
  <T>(value: T) =>
  async (): Promise<T> =>
    value;

const isPath = (setting: string): boolean => /[/\\]|\.json$/i.test(setting);

function parseList(setting: string): Simulated[] {
  const models = setting.split(',').flatMap((part) => {
    const [, count = '', name = ''] = /^\s*(\d{1,4})\s*[x×]\s*([\w-]+)\s*$/i.exec(part) ?? [];
    const known = SIMULATED_MODELS[name.toUpperCase()];
    if (known === undefined || Number(count) === 0)
      throw new Error(
        `GRID_SIMULATED_GPUS: "${part.trim()}" is not understood. Write 8xH100,2xL4 with ${Object.keys(SIMULATED_MODELS).join(', ')}, or the path of a JSON file`,
      );
    return Array.from({ length: Number(count) }, () => known);
  });
  return models.map(simulate);
}

async function readDevices(path: string): Promise<Simulated[]> {
  const found = SimulatedDevices.safeParse(await readJson(path));
  if (!found.success) {
    const [issue] = found.error.issues;
    throw new Unavailable(`${path}: ${nameField(issue?.path ?? [])}: ${issue?.message ?? ''}`);
  }
  const devices = found.data.map(simulate);
  const uuids = devices.map(({ device }) => device.uuid);
  const twice = uuids.findIndex((uuid, at) => uuids.indexOf(uuid) !== at);
  if (twice >= 0) throw new Unavailable(`${path}: [${twice}].uuid: another has it, too`);
  return devices;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Unavailable(why.includes(path) ? why : `${path}: ${why}`);
  }
}

/** `[2].memoryMiB` */
const nameField = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? 'the whole'
    : path.map((one) => (typeof one === 'number' ? `[${one}]` : `.${String(one)}`)).join('');

function simulate(
  {
    uuid,
    model,
    memoryMiB,
    numa,
    parentUuid,
    holders = [],
    trouble,
    utilization,
    memoryUsedMiB,
    powerWatts,
    temperatureCelsius,
  }: z.infer<typeof SimulatedDevice>,
  index: number,
): Simulated {
  const device = {
    uuid: uuid ?? `${parentUuid === undefined ? 'GPU' : 'MIG'}-${uuidOf(index)}`,
    model,
    memoryMiB,
    index,
    minor: undefined,
    pciBus: undefined,
    numa,
    parentUuid,
    driver: undefined,
    files: [],
    trouble,
  };
  const values = { utilization, memoryUsedMiB, powerWatts, temperatureCelsius };
  const isMeasured = Object.values(values).some((value) => value !== undefined);
  return { device, holders, measure: isMeasured ? { uuid: device.uuid, ...values } : undefined };
}

/** The same for the same place, on any machine. */
function uuidOf(place: number): string {
  const digest = createHash('sha256').update(`simulated device ${place}`).digest('hex');
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
