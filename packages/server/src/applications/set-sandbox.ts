import type { Sandbox } from '../workloads/engine.ts';
import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import { parseId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database } from '../store/database.ts';
import { recordApplicationEvent } from './application-event.ts';
import { findApplication, updateSandbox } from './application-store.ts';

/** Lets an application make namespaces of its own, or no longer; it counts for what is started from then on. */
export async function setSandbox(
  { database, clock }: { database: Database; clock: Clock },
  { named, sandbox, by }: { named: string; sandbox: Sandbox; by: Actor },
): Promise<void> {
  const id = parseId('application', named);
  const application = id && (await findApplication(database.read, id));
  if (application === undefined)
    throw new Refusal('not_found', `There is no application ${named}.`);
  await database.transaction(async (tx) => {
    await updateSandbox(tx, application.id, sandbox);
    const event = { kind: 'application.sandbox_set', data: { sandbox } } as const;
    await recordApplicationEvent(tx, application, { ...event, by, at: clock() });
  });
}
