import type { OpenEngine, Opening } from '../adapter.ts';
import { createProcessEngine } from './process-engine.ts';
import type { ProcessSettings } from './process-settings.ts';

/** The engine that every platform has. */
export async function openProcess(
  { isolation, allowedNetworks }: ProcessSettings,
  { directory, log }: Opening,
): Promise<OpenEngine> {
  const engine = await createProcessEngine({ directory, isolation, allowedNetworks, log });
  const { memoryMiB, isolated, warnings } = await engine.capacity();
  const { cgroups, network, python } = engine.host;
  // root reaches the instances from where it is
  const namespaces = network === null || network.userns === '' ? undefined : network;
  return {
    engine,
    offered: true,
    isolated,
    exact: cgroups,
    warnings,
    machine: { memoryMiB, python, namespaces },
    dissolve: () => engine.destroy(),
    close: () => undefined,
  };
}
