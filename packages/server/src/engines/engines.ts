import type { EngineAdapter } from './adapter.ts';
import { dockerAdapter } from './docker/docker-adapter.ts';
import { processAdapter } from './process/process-adapter.ts';

/** The engines that operators can have; the first is the one that every platform has. */
export const engines = [
  processAdapter,
  dockerAdapter,
] as const satisfies readonly EngineAdapter<never>[];

/** What every one of these has, together. */
type All<Each> = (Each extends unknown ? (each: Each) => void : never) extends (
  all: infer Whole,
) => void
  ? Whole
  : never;

/** What can be set of one of them alone. */
export const engineSettings = Object.assign({}, ...engines.map(({ settings }) => settings)) as All<
  (typeof engines)[number]['settings']
>;
