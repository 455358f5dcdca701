import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';
import { createDockerEngine, socketOf } from '../engines/docker/docker-engine.ts';
import type { DockerEngine } from '../engines/docker/docker-engine.ts';
import { findDockerSocket } from '../engines/docker/find-socket.ts';
import type { Capacity, Engines } from '../workloads/engine.ts';
import { createProcessEngine } from '../engines/process/process-engine.ts';
import type { ProcessEngine } from '../engines/process/process-engine.ts';
import { CannotStart } from '../lib/cannot-start.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Unavailable } from '../lib/unavailable.ts';
import type { DataPaths } from '../paths.ts';

/** The engines of this platform. */
export type OpenEngines = {
  process: ProcessEngine;
  /** Also where it is no longer offered, as long as it keeps something. */
  docker: DockerEngine | undefined;
  choice: EngineChoice;
  of: Engines;
  /** Whether instances are kept apart on each engine that is offered. */
  isolated: boolean;
  /** Whether the kernel holds instances to their memory; else it is looked at, and some of it nobody can see. */
  exact: boolean;
  memoryMiB: number;
  warnings: readonly string[];
};

type Settings = Pick<
  Config,
  | 'engine'
  | 'dockerSocket'
  | 'dockerBuilder'
  | 'allowDockerSocket'
  | 'isolation'
  | 'allowedNetworks'
  | 'environment'
>;

/** Opens them; throws `CannotStart` where the configuration asks for one that cannot be. */
export async function openEngines(
  config: Settings,
  paths: DataPaths,
  { clock, log }: { clock: Clock; log: Log },
): Promise<OpenEngines> {
  const { isolation, allowedNetworks } = config;
  const socketPath = config.dockerSocket ?? findDockerSocket(config.environment);
  if (config.engine === 'docker' && socketPath === undefined) throw new CannotStart(NO_DOCKER);
  const offersDocker = config.engine !== 'process' && socketPath !== undefined;
  const directory = join(paths.engine, 'docker');
  const kept = socketOf(directory);
  const processes = await createProcessEngine({
    directory: paths.engine,
    isolation,
    allowedNetworks,
    log,
  });
  const docker =
    offersDocker || kept !== undefined
      ? await createDockerEngine({
          directory,
          socketPath: socketPath ?? kept ?? '',
          allowedNetworks,
          builder: config.dockerBuilder,
          allowSocket: config.allowDockerSocket,
          clock,
          log,
        })
      : undefined;
  const { memoryMiB, isolated, warnings } = await processes.capacity();
  const ofDocker = offersDocker && docker !== undefined ? await lookAt(docker) : FINE;
  return {
    memoryMiB,
    isolated: isolated && ofDocker.isolated,
    exact: processes.host.cgroups,
    warnings: [...warnings, ...ofDocker.warnings],
    process: processes,
    docker,
    choice: {
      offered: offersDocker ? ['process', 'docker'] : ['process'],
      fallback: config.engine === 'docker' ? 'docker' : 'process',
    },
    of(name) {
      const engine = name === 'docker' ? docker : processes;
      if (engine === undefined) throw new Unavailable('This platform has no Docker engine.');
      return engine;
    },
  };
}

type Look = Pick<Capacity, 'isolated' | 'warnings'>;

const FINE: Look = { isolated: true, warnings: [] };

/** One that is away now may be back at any time. */
const lookAt = (docker: DockerEngine): Promise<Look> =>
  docker
    .capacity()
    .catch((error: unknown) => ({ ...FINE, warnings: [`The Docker engine: ${String(error)}`] }));

const NO_DOCKER =
  'GRID_ENGINE=docker, and no Docker or Podman listens here: start one, or name its socket (GRID_DOCKER_SOCKET).';
