import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDockerEngine, socketOf } from '../engines/docker/docker-engine.ts';
import type { DockerEngine } from '../engines/docker/docker-engine.ts';
import type { Engine } from '../workloads/engine.ts';
import { createProcessEngine } from '../engines/process/process-engine.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { dataPaths } from '../paths.ts';
import { endRouters } from '../routing/router-process.ts';

const GRACE_SECONDS = 10;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Ends what outlives the control plane: the router, and with `apps` every instance and the networks. */
export async function endEverything(
  dataDirectory: string,
  { apps }: { apps: boolean },
): Promise<void> {
  const paths = dataPaths(dataDirectory);
  const signal = AbortSignal.timeout(120_000);
  if (existsSync(paths.router)) await endRouters(paths.router, signal);
  if (!apps || !existsSync(paths.engine)) return;
  const docker = await openDocker(join(paths.engine, 'docker'));
  if (docker !== undefined) {
    await endAll(docker, signal);
    await docker.sweep({ isKept: () => true, before: 0 }, signal);
    docker.close();
  }
  const processes = await createProcessEngine({
    directory: paths.engine,
    isolation: 'auto',
    allowedNetworks: [],
    log: silent,
  });
  await endAll(processes, signal);
  await processes.destroy();
}

async function openDocker(directory: string): Promise<DockerEngine | undefined> {
  const socketPath = socketOf(directory);
  if (socketPath === undefined) return undefined;
  return createDockerEngine({
    directory,
    socketPath,
    allowedNetworks: [],
    builder: 'classic',
    allowSocket: false,
    clock: systemClock,
    log: silent,
  });
}

async function endAll(engine: Engine, signal: AbortSignal): Promise<void> {
  const workloads = new Set((await engine.list(signal)).map(({ workloadId }) => workloadId));
  await Promise.all([...workloads].map((id) => engine.remove(id, GRACE_SECONDS, signal)));
}
