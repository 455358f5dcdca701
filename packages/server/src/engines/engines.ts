import type { EngineAdapter } from './adapter.ts';
import { dockerAdapter } from './docker/docker-adapter.ts';
import { processAdapter } from './process/process-adapter.ts';

/** The engines that operators can have; the first is the one that every platform has. */
export const engines = [
  processAdapter,
  dockerAdapter,
] as const satisfies readonly EngineAdapter<never>[];
