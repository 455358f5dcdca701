import { flag, oneOf, path, whole } from '../../lib/setting.ts';
import type { Settings, ValuesOf } from '../../lib/setting.ts';

/** What can be set of this engine alone. */
export const dockerSettings = {
  dockerSocket: {
    check: path.optional(),
    takes: '<path>',
    means: 'socket of Docker or Podman; without it, the first of the usual ones that is there',
  },
  dockerBuilder: {
    check: oneOf(['auto', 'classic']).default('auto'),
    takes: '<builder>',
    means: '`classic` never builds images with BuildKit',
  },
  dockerBuildCacheMiB: {
    check: whole(0).optional(),
    takes: '<MiB>',
    means:
      'what the build cache of the Docker engine is kept to (MiB), everybody’s; without it, it is left alone',
  },
  allowDockerSocket: {
    check: flag,
    takes: '[boolean]',
    means:
      'let applications have the socket of the engine (`CC_MOUNT_DOCKER_SOCKET`), and with it the whole machine',
  },
} as const satisfies Settings;

export type DockerSettings = ValuesOf<typeof dockerSettings> & {
  /** By its own name it has to be there; by the name of another it only keeps what it has. */
  engine: string;
  /** Private networks (CIDR) that instances may reach all the same. */
  allowedNetworks: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
};
