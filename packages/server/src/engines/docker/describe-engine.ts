import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { hasBuildKit } from './images/choose-builder.ts';
import { createDockerClient } from './client.ts';
import { CdiInfo, knowsGpus, readCdi } from './containers/request-devices.ts';

/** What an operator may want to know of an engine. */
export type EngineDescription = {
  name: 'Docker' | 'Podman';
  version: string;
  apiVersion: string;
  buildkit: boolean;
  storageDriver: string;
  /** What makes the control groups of containers: the engine itself, or systemd. */
  cgroupDriver: string | undefined;
  /** Where its images and containers lie, as it calls the folder. */
  dataFolder: string | undefined;
  /** Whether it gives containers other user ids (`userns-remap`). */
  mapsUsers: boolean;
  /** Whether it filters the system calls of containers. */
  filtersCalls: boolean;
  /** Whether it is an ordinary user's own. */
  rootless: boolean;
  /** Whether what runs outlives a restart of it. */
  keepsContainers: boolean;
  /** Whether it can give GPUs to containers, as far as can be seen. */
  givesGpus: boolean;
};

const Version = z.object({ Version: z.string(), ApiVersion: z.string() });
const Info = z.object({
  Driver: z.string(),
  CgroupDriver: z.string().optional(),
  DockerRootDir: z.string().optional(),
  SecurityOptions: z.array(z.string()).nullish(),
  LiveRestoreEnabled: z.boolean().optional(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  ...CdiInfo.shape,
});

/** Asks the engine of a socket; throws `Unavailable` where nobody answers, or one that is too old. */
export async function describeEngine(
  socketPath: string,
  signal: AbortSignal,
): Promise<EngineDescription> {
  const client = createDockerClient(socketPath);
  const ping = await client.open({ path: '/_ping' }, signal);
  ping.resume();
  const version = Version.parse(await client.ask({ path: '/version' }, signal));
  const info = Info.parse(await client.ask({ path: '/info' }, signal));
  const isPodman = ping.headers['libpod-api-version'] !== undefined;
  const options = info.SecurityOptions ?? [];
  const has = (name: string): boolean =>
    options.some((one) => one.split(',')[0] === `name=${name}`);
  return {
    name: isPodman ? 'Podman' : 'Docker',
    version: version.Version,
    apiVersion: version.ApiVersion,
    buildkit: hasBuildKit(ping.headers),
    storageDriver: info.Driver,
    cgroupDriver: info.CgroupDriver,
    dataFolder: info.DockerRootDir,
    mapsUsers: has('userns'),
    filtersCalls: options.some((one) => /^(name=)?seccomp(?!.*unconfined)/.test(one)),
    rootless: has('rootless'),
    // each container of Podman's has a process of its own that looks after it
    keepsContainers: isPodman || info.LiveRestoreEnabled === true,
    givesGpus:
      info.Runtimes?.['nvidia'] !== undefined ||
      knowsGpus(await readCdi(info)) ||
      TOOLKIT.some((path) => existsSync(path)),
  };
}

/** What Docker calls by itself, where NVIDIA's toolkit is installed and not set up as a runtime. */
const TOOLKIT = ['/usr/bin', '/usr/local/bin'].map((folder) =>
  join(folder, 'nvidia-container-runtime-hook'),
);
