import { byUser } from '../events/actor.ts';
import { appendEvent } from '../events/append.ts';
import { parseName } from '../lib/name.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { OrganizationId, UserId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireRoom } from '../limits/require-room.ts';
import type { Database, Tx } from '../store/database.ts';
import {
  countAdministered,
  countOrganizations,
  insertMember,
  insertOrganization,
} from './organization-store.ts';

type Deps = {
  database: Database;
  clock: Clock;
  /** Whether several organizations may share the machine: only where they are kept apart, and each to its memory. */
  severalAllowed: boolean;
};

/** A new organization whose administrator is the user. */
export const createOrganization = (
  { database, clock, severalAllowed }: Deps,
  order: { name: string; adminId: UserId },
): Promise<OrganizationId> =>
  database.transaction(async (tx) => {
    if (!severalAllowed && (await countOrganizations(tx)) > 0)
      throw new Refusal(
        'not_isolated',
        'Applications are not isolated from each other on this machine, or cannot be held to their memory, so it serves one organization. `grid doctor` says what is missing; `--allow-unisolated` serves several all the same.',
      );
    const { adminId } = order;
    const count = () => countAdministered(tx, adminId);
    await requireRoom(tx, 'organizations', { of: adminId, count });
    return createOrganizationIn(tx, { ...order, at: clock() });
  });

export async function createOrganizationIn(
  tx: Tx,
  { name, adminId, at }: { name: string; adminId: UserId; at: number },
): Promise<OrganizationId> {
  const id = newId('organization');
  const organization = { id, name: parseName('organization', name), description: '' };
  await insertOrganization(tx, { ...organization, createdAt: at });
  const member = { userId: adminId, role: 'ADMIN' } as const;
  await insertMember(tx, { ...member, organizationId: id, createdAt: at });
  const about = { ownerId: id, applicationId: null, subjectId: id, by: byUser(adminId), at };
  await appendEvent(tx, { ...about, kind: 'organization.created', data: { name } });
  await appendEvent(tx, { ...about, kind: 'organization.member_added', data: member });
  return id;
}
