import { engines } from '../engines/engines.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';

/** Of a platform that has these; the first runs what asks for none. */
export const engineChoiceOf = (...offered: [string, ...string[]]): EngineChoice => ({
  known: engines,
  offered,
  fallback: offered[0],
});
