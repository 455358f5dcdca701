import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDockerClient } from '../packages/server/src/engines/docker/client.ts';
import type { DockerClient } from '../packages/server/src/engines/docker/client.ts';
import { ofPlatform } from '../packages/server/src/engines/docker/names.ts';
import { makeBusybox, startDocker } from '../packages/server/src/testing/docker.ts';
import { cleanUpAfter } from './clean-up.ts';
import { withGrid } from './grid.ts';
import type { Grid } from './grid.ts';
import { isThere } from './programs.ts';

/** The engine that benchmarks build and run on. */
export type Docker = { socketPath: string; client: DockerClient };

type Later = (step: () => Promise<void> | void) => void;

/** An image with a shell and small programs, made on this machine. */
export const BUSYBOX = 'grid-bench-busybox:1';

const WITHIN = 60_000;

/**
 * The engine at `GRID_DOCKER_SOCKET`, or one of the benchmark's own, with `BUSYBOX` in it; undefined, and
 * said so, where this machine has neither.
 */
async function openDocker(later: Later): Promise<Docker | undefined> {
  const docker = await find(later);
  if (docker === undefined) return leaveOut('dockerd and root, or GRID_DOCKER_SOCKET');
  const image = { path: `/images/${BUSYBOX}`, method: 'DELETE', query: { force: true } } as const;
  if (!(await makeBusybox(docker, BUSYBOX, AbortSignal.timeout(WITHIN))))
    return leaveOut('busybox (apt-get install busybox-static)');
  later(() => docker.client.ask(image, AbortSignal.timeout(WITHIN)));
  return docker;
}

function leaveOut(what: string): undefined {
  process.stderr.write(`Nothing is measured on a Docker engine: this machine lacks ${what}.\n`);
}

async function find(later: Later): Promise<Docker | undefined> {
  const named = process.env['GRID_DOCKER_SOCKET'];
  if (named !== undefined) return { socketPath: named, client: createDockerClient(named) };
  if (process.getuid?.() !== 0 || !isThere('dockerd')) return undefined;
  const own = await startDocker();
  later(() => own.end());
  return own;
}

/** A platform with that engine, where there is one; its images go when it ends. */
export const withDocker = <T>(
  use: (grid: Grid & { docker: Docker | undefined }) => Promise<T>,
): Promise<T> =>
  cleanUpAfter(async (later) => {
    const docker = await openDocker(later);
    if (docker === undefined)
      return withGrid((grid) => use({ ...grid, docker }), { GRID_ENGINE: 'process' });
    const settings = { GRID_DOCKER_SOCKET: docker.socketPath };
    return withGrid((grid) => {
      const file = join(grid.platform.data, 'engine', 'docker', 'platform-id');
      const platform = readFileSync(file, 'utf8').trim();
      later(() => removeImages(docker, platform));
      return use({ ...grid, docker });
    }, settings);
  });

async function removeImages({ client }: Docker, platform: string): Promise<void> {
  const signal = AbortSignal.timeout(WITHIN);
  const query = { filters: JSON.stringify({ label: [ofPlatform(platform)] }) };
  const images = await client.ask<{ Id: string }[]>({ path: '/images/json', query }, signal);
  for (const { Id } of images)
    await client
      .ask({ method: 'DELETE', path: `/images/${Id}`, query: { force: true } }, signal)
      .catch(() => undefined);
}

/** For the docker command line. */
export const environmentFor = ({ socketPath }: Docker): Record<string, string> => ({
  DOCKER_HOST: `unix://${socketPath}`,
});
