import { grid } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { claimPlatform, isClaimed } from '../../accounts/claim-platform.ts';
import { accountUsage } from '../../billing/account-usage.ts';
import { Refusal } from '../../lib/refusal.ts';
import { createOrganization } from '../../organizations/create-organization.ts';
import { listMemberships } from '../../organizations/list-organizations.ts';
import type { HttpContext } from '../context.ts';
import { serve } from '../serve.ts';

/** What Clever Cloud's API has no words for. */
export function gridRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database, clock } = context;
  serve(app, context, grid.getStatus, async ({ local }) => ({
    ...(local && { version: context.version }),
    claimed: await isClaimed(database.read),
    isolated: context.isolated,
    ...context.addresses(),
  }));
  serve(app, context, grid.claim, async ({ body, local, ip }) => {
    if (body.claimToken === undefined && !local)
      throw new Refusal('forbidden', 'Give the claim token that was printed at the first start.');
    const claimed = await claimPlatform(context, { ...body, claimToken: body.claimToken, ip });
    const { userId, organizationId, pair } = claimed;
    return { userId, organizationId, ...pair };
  });
  serve(app, context, grid.listOrganizations, async ({ user }) =>
    (await listMemberships(database.read, user.id)).map(({ id, name, role }) => ({
      id,
      name,
      role,
    })),
  );
  serve(app, context, grid.createOrganization, async ({ user, body }) => {
    context.rates.demand(user.id);
    const deps = { database, clock, severalAllowed: context.severalOrganizations };
    const id = await createOrganization(deps, { name: body.name, adminId: user.id });
    return { id, name: body.name, role: 'ADMIN' };
  });
  serve(app, context, grid.getUsage, async ({ ownerId, query }) => {
    const window = {
      from: query.from ?? startOfMonth(clock()),
      to: Math.min(query.to ?? clock(), clock()),
    };
    return { ...window, applications: await accountUsage(database.read, ownerId, window) };
  });
}

const startOfMonth = (now: number): number => {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
};
