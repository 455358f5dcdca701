import type { EngineName } from './engine.ts';

/** An engine that platforms can have, as people know it. */
export type KnownEngine = {
  /** In `workloads.engine`, `GRID_ENGINE` and `CG_ENGINE`. */
  name: EngineName;
  /** In a sentence, such as `Docker engine`. */
  title: string;
  /** The runtime that no other engine runs, and what an application of it is called. */
  only?: { runtime: string; application: string };
};

/** The engines that there can be, those that this platform has, and the one that runs what asks for none. */
export type EngineChoice = {
  known: readonly KnownEngine[];
  offered: readonly EngineName[];
  fallback: EngineName;
};

/** Why none can. */
type Failure = { reason: 'invalid_variable'; detail: string };

/** What runs an application: the engine that it needs, that it asks for, or the platform's choice. */
export function chooseEngine(
  { known, offered, fallback }: EngineChoice,
  {
    runtime,
    environment,
  }: { runtime: string | undefined; environment: Readonly<Record<string, string>> },
): EngineName | Failure {
  const asked = environment['CG_ENGINE']?.trim() || undefined;
  const needed = neededFor(known, runtime);
  const name = needed?.name ?? asked ?? fallback;
  if (needed !== undefined && asked !== undefined && asked !== name)
    return invalid(`CG_ENGINE=${asked}: ${needed.only?.application} runs on the ${needed.title}.`);
  if (offered.includes(name)) return name;
  if (known.some((one) => one.name === name))
    return invalid(
      `This platform has no ${name} engine; it has ${offered.join(' and ')}. "grid doctor" tells its operator what is missing.`,
    );
  return invalid(`CG_ENGINE=${name}: there is no such engine; it may be ${offered.join(' or ')}.`);
}

/** The engine that the runtime needs and the platform lacks; undefined where it can be run. */
export function missingFor(
  { known, offered }: EngineChoice,
  runtime: string,
): KnownEngine | undefined {
  const needed = neededFor(known, runtime);
  return needed === undefined || offered.includes(needed.name) ? undefined : needed;
}

const neededFor = (
  known: readonly KnownEngine[],
  runtime: string | undefined,
): KnownEngine | undefined =>
  known.find(({ only }) => only !== undefined && only.runtime === runtime);

const invalid = (detail: string): Failure => ({ reason: 'invalid_variable', detail });
