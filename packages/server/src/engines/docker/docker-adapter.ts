import type { EngineAdapter } from '../adapter.ts';
import type { DockerSettings } from './open-docker.ts';

/** Containers of a Docker engine, or of Podman. */
export const dockerAdapter = {
  name: 'docker',
  title: 'Docker engine',
  only: { runtime: 'docker', application: 'an application made from a Dockerfile' },
  open: async (settings, opening) =>
    (await import('./open-docker.ts')).openDocker(settings, opening),
  reopen: async (opening) => (await import('./open-docker.ts')).reopenDocker(opening),
  diagnose: async (settings, machine) =>
    (await import('./diagnose/diagnose-docker.ts')).diagnoseDocker(settings, machine),
} as const satisfies EngineAdapter<DockerSettings>;
