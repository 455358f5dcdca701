import type { EngineName } from './engine.ts';

/** The engines that this platform has, and the one that runs what asks for none. */
export type EngineChoice = { offered: readonly EngineName[]; fallback: EngineName };

/** Why none can. */
type Failure = { reason: 'invalid_variable'; detail: string };

/** What runs an application: the engine that it needs, that it asks for, or the platform's choice. */
export function chooseEngine(
  { offered, fallback }: EngineChoice,
  {
    runtime,
    environment,
  }: { runtime: string | undefined; environment: Readonly<Record<string, string>> },
): EngineName | Failure {
  const asked = environment['CG_ENGINE']?.trim() || undefined;
  const needed = runtime === 'docker' ? 'docker' : undefined;
  const name = needed ?? asked ?? fallback;
  if (needed !== undefined && asked !== undefined && asked !== needed)
    return invalid(
      `CG_ENGINE=${asked}: an application made from a Dockerfile runs on the Docker engine.`,
    );
  const engine = offered.find((one) => one === name);
  if (engine !== undefined) return engine;
  if (name === 'docker' || name === 'process')
    return invalid(
      `This platform has no ${name} engine; it has ${offered.join(' and ')}. "grid doctor" tells its operator what is missing.`,
    );
  return invalid(`CG_ENGINE=${name}: there is no such engine; it may be ${offered.join(' or ')}.`);
}

const invalid = (detail: string): Failure => ({ reason: 'invalid_variable', detail });
