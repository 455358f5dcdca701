import type { User } from '../accounts/user.ts';
import { listApplications } from '../applications/application-store.ts';
import type { OwnerId } from '../lib/ids.ts';
import { listMemberships } from '../organizations/organization-store.ts';
import { may } from '../organizations/may.ts';
import { listRunning } from '../workloads/running-instances.ts';
import type { Reader } from '../store/database.ts';
import { describeInstance } from './find-instance.ts';

/** What the user may enter, and what to type for it: `address` is this server's. */
export async function listEnterable(db: Reader, user: User, address: string): Promise<string[]> {
  const memberships = await listMemberships(db, user.id);
  const owners: OwnerId[] = [
    user.id,
    ...memberships.filter(({ role }) => may(role, 'application:operate')).map(({ id }) => id),
  ];
  const found = (await Promise.all(owners.map((owner) => listOfOwner(db, owner)))).flat();
  if (found.length === 0)
    return [`Hello ${user.name}. Nothing that you may enter runs just now ("grid app list").`];
  return [
    `Hello ${user.name}. This is what you may enter:`,
    ...found,
    `A shell: ssh -t ${address} ID. A command: ssh ${address} ID COMMAND.`,
  ];
}

async function listOfOwner(db: Reader, ownerId: OwnerId): Promise<string[]> {
  const running = Map.groupBy(
    await listRunning(db, { ownerId }),
    ({ applicationId }) => applicationId,
  );
  return (await listApplications(db, ownerId)).flatMap((application) => {
    const instances = running.get(application.id) ?? [];
    if (instances.length === 0) return [];
    const lines = instances.map((one) => `  ${describeInstance(one, application)}`);
    return [`${application.name} (${application.id})`, ...lines];
  });
}
