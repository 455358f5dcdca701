import type { ContainerCommand } from '../../../workloads/engine.ts';
import { EarlyExit } from './early-exit.ts';
import type { DockerDeps } from '../docker-deps.ts';

/** The engine's socket for a container that has it; an instance is over where its operator does not allow that any more. */
export function socketFor(
  { allowSocket, socketPath }: Pick<DockerDeps, 'allowSocket' | 'socketPath'>,
  { mountSocket }: ContainerCommand,
): string | undefined {
  if (mountSocket !== true) return undefined;
  if (allowSocket) return socketPath;
  throw new EarlyExit({
    reason: 'start_failed',
    detail:
      'start_failed: the operator of this platform lets no application have the Docker socket. Remove CC_MOUNT_DOCKER_SOCKET, or ask them.',
  });
}
