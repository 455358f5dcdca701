import type { Sandbox } from '../workloads/engine.ts';
import { parseId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { selectApplication, updateSandbox } from './application-store.ts';

/** Lets an application make namespaces of its own, or no longer; it counts for what is started from then on. */
export async function setSandbox(
  database: Database,
  named: string,
  sandbox: Sandbox,
): Promise<void> {
  const id = parseId('application', named);
  if (id === undefined || (await selectApplication(database.read, id)) === undefined)
    throw new Refusal('not_found', `There is no application ${named}.`);
  await database.transaction((tx) => updateSandbox(tx, id, sandbox));
}
