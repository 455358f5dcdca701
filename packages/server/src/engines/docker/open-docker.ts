import { join } from 'node:path';
import { CannotStart } from '../../lib/cannot-start.ts';
import type { OpenEngine, Opening } from '../adapter.ts';
import { createDockerEngine, socketOf } from './docker-engine.ts';
import type { DockerEngine, DockerOptions } from './docker-engine.ts';
import type { DockerSettings } from './docker-settings.ts';
import { findDockerSocket } from './find-socket.ts';

/** Whether what is new may run there, for all that the settings say. */
export const isWanted = ({ engine }: Pick<DockerSettings, 'engine'>): boolean =>
  engine === 'auto' || isDockerRequired({ engine });

export const isDockerRequired = ({ engine }: Pick<DockerSettings, 'engine'>): boolean =>
  engine === 'docker';

/** Opened also where it is no longer offered, as long as it may keep something. */
export async function openDocker(
  settings: DockerSettings,
  opening: Opening,
): Promise<OpenEngine | undefined> {
  const found = settings.dockerSocket ?? findDockerSocket(settings.environment);
  if (isDockerRequired(settings) && found === undefined) throw new CannotStart(NONE_HERE);
  const offered = isWanted(settings) && found !== undefined;
  const former = socketOf(directoryOf(opening));
  const socketPath = found ?? former;
  if (socketPath === undefined || (!offered && former === undefined)) return undefined;
  const engine = await open(opening, {
    socketPath,
    allowedNetworks: settings.allowedNetworks,
    builder: settings.dockerBuilder,
    buildCacheMiB: settings.dockerBuildCacheMiB,
    allowSocket: settings.allowDockerSocket,
  });
  const seen = offered ? await lookAt(engine) : FINE;
  return { ...asOpen(engine), ...seen, offered };
}

/** Listens where it did last. */
export async function reopenDocker(opening: Opening): Promise<OpenEngine | undefined> {
  const socketPath = socketOf(directoryOf(opening));
  if (socketPath === undefined) return undefined;
  const engine = await open(opening, {
    socketPath,
    allowedNetworks: [],
    builder: 'classic',
    buildCacheMiB: undefined,
    allowSocket: false,
  });
  return asOpen(engine);
}

const directoryOf = ({ directory }: Opening): string => join(directory, 'docker');

const open = (
  opening: Opening,
  options: Omit<DockerOptions, 'directory' | 'clock' | 'log'>,
): Promise<DockerEngine> => {
  const { clock, log } = opening;
  return createDockerEngine({ ...options, directory: directoryOf(opening), clock, log });
};

type Look = Pick<OpenEngine, 'isolated' | 'warnings'>;

const FINE: Look = { isolated: true, warnings: [] };

const asOpen = (engine: DockerEngine): OpenEngine => ({
  engine,
  offered: false,
  exact: true,
  ...FINE,
  dissolve: (signal) => engine.sweep({ isKept: () => true, before: 0 }, signal),
  close: () => engine.close(),
});

/** One that is away now may be back at any time. */
const lookAt = (engine: DockerEngine): Promise<Look> =>
  engine
    .capacity()
    .catch((error: unknown) => ({ ...FINE, warnings: [`The Docker engine: ${String(error)}`] }));

const NONE_HERE =
  'GRID_ENGINE=docker, and no Docker or Podman listens here: start one, or name its socket (GRID_DOCKER_SOCKET).';
