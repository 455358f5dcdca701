import { organizations } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { Rates } from '../../limits/rates.ts';
import { createOrganization } from '../../organizations/create-organization.ts';
import { listMemberships } from '../../organizations/organization-store.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type OrganizationNeeds = Serving & {
  rates: Rates;
  /** Whether several organizations may share the machine. */
  severalOrganizations: boolean;
};

/** Who shares what they have. */
export function organizationRoutes(app: FastifyInstance, needs: OrganizationNeeds): void {
  const { database, clock } = needs;
  serve(app, needs, organizations.getOwner, async ({ ownerId, user }) => {
    if (ownerId === user.id)
      return { id: ownerId, name: user.name, description: '', role: 'ADMIN' };
    const found = await listMemberships(database.read, user.id);
    const membership = found.find(({ id }) => id === ownerId);
    return { id: ownerId, name: '', description: '', role: '', ...membership };
  });
  serve(app, needs, organizations.listOrganizations, async ({ user }) =>
    (await listMemberships(database.read, user.id)).map(({ id, name, role }) => ({
      id,
      name,
      role,
    })),
  );
  serve(app, needs, organizations.createOrganization, async ({ user, body }) => {
    needs.rates.requireCreation(user.id);
    const deps = { database, clock, severalAllowed: needs.severalOrganizations };
    const id = await createOrganization(deps, { name: body.name, adminId: user.id });
    return { id, name: body.name, role: 'ADMIN' };
  });
}
