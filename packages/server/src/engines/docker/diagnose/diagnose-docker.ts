import type { Finding } from '../../../lib/finding.ts';
import type { SeenMachine } from '../../adapter.ts';
import { isDockerRequired } from '../open-docker.ts';
import type { DockerSettings } from '../docker-settings.ts';
import { dockerFindings } from './docker-findings.ts';
import { lookAtDocker } from './look-at-docker.ts';

/** Where the settings ask for Docker, the platform does not start without it. */
export const diagnoseDocker = async (
  settings: DockerSettings,
  { hasDevices }: SeenMachine,
): Promise<Finding[]> =>
  dockerFindings(await lookAtDocker(settings), {
    required: isDockerRequired(settings),
    hasDevices,
  });
