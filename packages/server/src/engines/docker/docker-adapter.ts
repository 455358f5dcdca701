import type { EngineAdapter } from '../adapter.ts';
import { dockerSettings } from './docker-settings.ts';
import type { DockerSettings } from './docker-settings.ts';

export const dockerAdapter = {
  name: 'docker',
  title: 'Docker engine',
  means: 'containers of Docker or Podman',
  only: { runtime: 'docker', application: 'an application made from a Dockerfile' },
  settings: dockerSettings,
  open: async (settings, opening) =>
    (await import('./open-docker.ts')).openDocker(settings, opening),
  reopen: async (opening) => (await import('./open-docker.ts')).reopenDocker(opening),
  diagnose: async (settings, machine) =>
    (await import('./diagnose/diagnose-docker.ts')).diagnoseDocker(settings, machine),
} as const satisfies EngineAdapter<DockerSettings>;
