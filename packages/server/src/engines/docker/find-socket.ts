import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the machine's own engines listen. */
const OF_MACHINE = { docker: '/var/run/docker.sock', podman: '/run/podman/podman.sock' };

/** The socket that `DOCKER_HOST` names, or the first of the usual ones that this user may use. */
export const findDockerSocket = (
  environment: Environment,
  machine = OF_MACHINE,
): string | undefined => places(environment, machine).find(isUsable);

/** The first of them that is there, though this user may not use it. */
export const findClosedSocket = (environment: Environment): string | undefined =>
  places(environment, OF_MACHINE).find((path) => existsSync(path) && !isUsable(path));

function places(environment: Environment, machine: typeof OF_MACHINE): string[] {
  const [, named] = /^unix:\/\/(.+)$/.exec(environment['DOCKER_HOST'] ?? '') ?? [];
  const runtime = environment['XDG_RUNTIME_DIR'];
  const ofUser = runtime ? ['docker.sock', 'podman/podman.sock'] : [];
  return [
    ...(named === undefined ? [] : [named]),
    machine.docker,
    ...ofUser.map((name) => join(runtime ?? '', name)),
    machine.podman,
  ];
}

export function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
