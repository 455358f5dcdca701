import { openDevices } from './open-devices.ts';
import { CannotStart } from '../lib/cannot-start.ts';
import type { Clock } from '../lib/clock.ts';
import { listRepairs } from './devices.ts';
import { describeUnmatched } from './flavor-devices.ts';
import type { FlavorDevices } from './flavor-devices.ts';
import { openInventory } from './inventory.ts';
import type { Inventory } from './inventory.ts';
import type { Database } from '../store/database.ts';

export type OpenInventory = { inventory: Inventory; warnings: readonly string[] };

type Settings = {
  simulatedGpus: string | undefined;
  flavorDevices: FlavorDevices;
  environment: Readonly<Record<string, string | undefined>>;
};

/** Opens what knows the devices of this machine. Throws `CannotStart` where simulated ones are not understood. */
export async function openMachineDevices(
  { simulatedGpus, flavorDevices, environment }: Settings,
  { database, clock }: { database: Database; clock: Clock },
): Promise<OpenInventory> {
  const acknowledged = () => listRepairs(database.read);
  const { source, warnings } = openSource({
    simulated: simulatedGpus,
    path: environment['PATH'],
    clock,
    acknowledged,
  });
  const inventory = await openInventory(database, source);
  const known = inventory.devices();
  const seen = known.length === 0 ? [] : describeUnmatched(flavorDevices, known);
  return { inventory, warnings: [...warnings, ...seen] };
}

function openSource(options: Parameters<typeof openDevices>[0]) {
  try {
    return openDevices(options);
  } catch (error) {
    throw new CannotStart(error instanceof Error ? error.message : String(error));
  }
}
