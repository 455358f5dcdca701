import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { GrantedDevice } from '../../../devices/device.ts';
import type { DockerClient } from '../client.ts';

/** How a container is given GPUs (`HostConfig.DeviceRequests`). */
export type DeviceRequest =
  | { Driver: 'cdi'; DeviceIDs: readonly string[] }
  | {
      Driver: 'nvidia';
      DeviceIDs: readonly string[];
      Capabilities: readonly (readonly string[])[];
    };

/** What the engine knows of CDI, which describes devices in files of the machine. */
export type KnownToCdi = {
  /** Every device, by its whole name, or undefined of an engine that does not say (before Docker 28.2). */
  discovered: readonly string[] | undefined;
  /** The texts of the files that it reads. */
  specs: readonly string[];
};

const KIND = 'nvidia.com/gpu';

/**
 * Asks for exactly these devices; for none where there are none, or only simulated ones. CDI is asked where it names
 * them all, since its specs may be older than the machine's GPUs or know them by number alone; else NVIDIA's toolkit.
 */
export function requestDevices(
  devices: readonly GrantedDevice[],
  known: KnownToCdi,
): readonly DeviceRequest[] {
  const uuids = realOf(devices).map(({ uuid }) => uuid);
  if (uuids.length === 0) return [];
  if (isKnown(uuids, known))
    return [{ Driver: 'cdi', DeviceIDs: uuids.map((uuid) => `${KIND}=${uuid}`) }];
  return [{ Driver: 'nvidia', DeviceIDs: uuids, Capabilities: [['gpu', 'compute', 'utility']] }];
}

const realOf = (devices: readonly GrantedDevice[]): readonly GrantedDevice[] =>
  devices.filter(({ files }) => files.length > 0);

function isKnown(uuids: readonly string[], { discovered, specs }: KnownToCdi): boolean {
  if (discovered !== undefined)
    return uuids.every((uuid) => discovered.includes(`${KIND}=${uuid}`));
  const ofGpus = specs.filter((text) => text.includes(KIND));
  return uuids.every((uuid) => ofGpus.some((text) => text.includes(uuid)));
}

/** What `/info` says of CDI; an engine that does not have it says nothing, or names no folders. */
export const CdiInfo = z.object({
  CDISpecDirs: z.array(z.string()).nullish(),
  DiscoveredDevices: z.array(z.object({ ID: z.string() })).nullish(),
});

/** The same from the files beside it; those of an engine on another machine are not to be seen, and count as none. */
export async function readCdi(info: z.infer<typeof CdiInfo>): Promise<KnownToCdi> {
  const folders = info.CDISpecDirs ?? [];
  const discovered = info.DiscoveredDevices?.map(({ ID }) => ID);
  return { discovered, specs: (await Promise.all(folders.map(readSpecs))).flat() };
}

async function readSpecs(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => /\.(json|ya?ml)$/.test(name));
  return Promise.all(files.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
}

/** Whether CDI knows any GPU. */
export const knowsGpus = ({ discovered, specs }: KnownToCdi): boolean =>
  (discovered ?? specs).some((text) => text.includes(KIND));

/** The requests for an instance's devices; the engine is asked each time, since its specs change with the machine. */
export async function chooseRequests(
  client: DockerClient,
  devices: readonly GrantedDevice[],
  signal: AbortSignal,
): Promise<readonly DeviceRequest[]> {
  if (realOf(devices).length === 0) return [];
  const info = CdiInfo.parse(await client.ask({ path: '/info' }, signal));
  return requestDevices(devices, await readCdi(info));
}
