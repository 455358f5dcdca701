import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SlicePlace } from './parse-details.ts';

/** Where the kernel tells of devices; others in tests. */
export type Roots = { proc: string; sys: string };

/** What the kernel's driver says of a GPU. */
export type DriverEntry = { minor: number | undefined; uuid: string | undefined };

/** The driver's entries by address on the bus (`0000:1b:00.0`); empty where it shows none. */
export async function readDriverEntries({
  proc,
}: Roots): Promise<ReadonlyMap<string, DriverEntry>> {
  const folder = join(proc, 'driver/nvidia/gpus');
  const names = await readdir(folder).catch(() => []);
  const entries = await Promise.all(
    names.map(async (name): Promise<[string, DriverEntry][]> => {
      const text = await readText(join(folder, name, 'information'));
      return text === undefined ? [] : [[name.toLowerCase(), parseInformation(text)]];
    }),
  );
  return new Map(entries.flat());
}

function parseInformation(text: string): DriverEntry {
  const minor = /^Device Minor:\s*(\d+)\s*$/m.exec(text)?.[1];
  // question marks stand for what the driver could not read
  const uuid = /^GPU UUID:\s*(GPU-[\da-f-]+)\s*$/im.exec(text)?.[1];
  return { minor: minor === undefined ? undefined : Number(minor), uuid };
}

/** The memory node that a device is next to; the kernel says -1 where it knows none. */
export async function readNuma({ sys }: Roots, pciBus: string): Promise<number | undefined> {
  const text = await readText(join(sys, 'bus/pci/devices', pciBus, 'numa_node'));
  const node = Number.parseInt(text ?? '', 10);
  return node >= 0 ? node : undefined;
}

/** The device files that a slice needs beside its GPU's, or undefined where the driver shows none. */
export async function readSliceFiles(
  { proc }: Roots,
  minor: number,
  { gpuInstance, computeInstance }: SlicePlace,
): Promise<readonly string[] | undefined> {
  const instance = join(proc, 'driver/nvidia/capabilities', `gpu${minor}/mig/gi${gpuInstance}`);
  const places = [instance, join(instance, `ci${computeInstance}`)];
  const files = await Promise.all(
    places.map(async (place) => {
      const text = await readText(join(place, 'access'));
      const number = /^DeviceFileMinor:\s*(\d+)\s*$/m.exec(text ?? '')?.[1];
      return number === undefined ? [] : [`/dev/nvidia-caps/nvidia-cap${number}`];
    }),
  );
  return files.every((one) => one.length > 0) ? files.flat() : undefined;
}

const NVIDIA = '0x10de';
const DISPLAY = /^0x03/;

/** Whether the machine has a card of NVIDIA's, with a driver or without. */
export async function hasNvidiaCard({ sys }: Roots): Promise<boolean> {
  const folder = join(sys, 'bus/pci/devices');
  const names = await readdir(folder).catch(() => []);
  const cards = await Promise.all(
    names.map(async (name) => {
      const [vendor, kind] = await Promise.all(
        ['vendor', 'class'].map((file) => readText(join(folder, name, file))),
      );
      return vendor?.trim() === NVIDIA && DISPLAY.test(kind ?? '');
    }),
  );
  return cards.includes(true);
}

/** Milliseconds since the machine was started. */
export async function readUptime({ proc }: Roots): Promise<number> {
  const text = await readText(join(proc, 'uptime'));
  return Number.parseFloat(text ?? '') * 1000;
}

const readText = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch(() => undefined);
