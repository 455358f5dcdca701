import type { Config } from '../config.ts';
import type { Machine, OpenEngine, Opening } from '../engines/adapter.ts';
import { engines as known } from '../engines/engines.ts';
import { Unavailable } from '../lib/unavailable.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';
import type { EngineName } from '../workloads/engine.ts';

/** The engines of this platform. */
export type OpenEngines = {
  /** Those that are no longer offered too, as long as they keep something. */
  all: readonly OpenEngine[];
  choice: EngineChoice;
  of(name: EngineName): OpenEngine['engine'];
  /** Whether instances are kept apart on each engine that is offered. */
  isolated: boolean;
  /** Whether the kernel holds instances to their memory on each of them. */
  exact: boolean;
  machine: Machine;
  warnings: readonly string[];
};

/** Opens them; throws `CannotStart` where the configuration asks for one that cannot be. */
export async function openEngines(config: Config, opening: Opening): Promise<OpenEngines> {
  const all: OpenEngine[] = [];
  // the one that every platform has comes last: what it starts would stay where another cannot be opened
  for (const adapter of known.toReversed()) {
    const opened = await adapter.open(config, opening);
    if (opened !== undefined) all.unshift(opened);
  }
  const offered = all.filter((one) => one.offered);
  const names = offered.map(({ engine }) => engine.name);
  const machine = all.find((one) => one.machine !== undefined)?.machine;
  if (machine === undefined) throw new Error('no engine knows this machine');
  return {
    all,
    machine,
    isolated: offered.every((one) => one.isolated),
    exact: offered.every((one) => one.exact),
    warnings: offered.flatMap(({ warnings }) => warnings),
    choice: {
      known,
      offered: names,
      fallback: config.engine === 'auto' ? known[0].name : config.engine,
    },
    of(name) {
      const found = all.find(({ engine }) => engine.name === name);
      if (found !== undefined) return found.engine;
      const title = known.find((one) => one.name === name)?.title ?? `${name} engine`;
      throw new Unavailable(`This platform has no ${title}.`);
    },
  };
}
