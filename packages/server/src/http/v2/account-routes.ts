import { accounts, rights } from '@grid/api';
import type { Right } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { addKey, listKeys, removeKey } from '../../accounts/manage-keys.ts';
import { hasPassword } from '../../accounts/sign-in.ts';
import { findVariant } from '../../applications/application.ts';
import type { Application } from '../../applications/application.ts';
import { listApplications } from '../../applications/find-application.ts';
import type { OwnerId } from '../../lib/ids.ts';
import { listMemberships } from '../../organizations/list-organizations.ts';
import { may, rightsOf } from '../../organizations/may.ts';
import type { Role } from '../../store/schema.ts';
import type { HttpContext } from '../context.ts';
import { presentApplication } from '../present/application.ts';
import { serve } from '../serve.ts';

/** What each role may do with what an owner has. */
const ROLES = Object.fromEntries(
  rights.Role.options.map((role) => [role, rightsOf(role)]),
) as Record<Role, Right[]>;

/** Who asks, and what they can reach. */
export function accountRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, accounts.getSelf, async ({ user }) => ({
    id: user.id,
    email: user.email,
    name: user.name,
    avatar: null,
    creationDate: user.createdAt,
    lang: 'EN',
    preferredMFA: 'NONE',
    hasPassword: await hasPassword(context, user),
    admin: user.operator,
  }));
  serve(app, context, accounts.getRights, async ({ user }) => {
    const { id, email, name, operator } = user;
    const memberships = await listMemberships(database.read, id);
    const organizations = memberships.map((one) => ({
      id: one.id,
      name: one.name,
      role: one.role,
    }));
    const owners = [{ id, name, role: 'ADMIN' as const }, ...organizations];
    return { id, email, name, operator, owners, roles: ROLES };
  });
  serve(app, context, accounts.getOwner, async ({ ownerId, user }) => {
    if (ownerId === user.id)
      return { id: ownerId, name: user.name, description: '', role: 'ADMIN' };
    const found = await listMemberships(database.read, user.id);
    const membership = found.find(({ id }) => id === ownerId);
    return { id: ownerId, name: '', description: '', role: '', ...membership };
  });
  serve(app, context, accounts.getSummary, async ({ user }) => {
    const memberships = await listMemberships(database.read, user.id);
    const personal = { id: user.id, name: user.name, role: 'ADMIN' } as const;
    const owners = await Promise.all(
      [...memberships, personal].map((owner) => summarize(context, owner)),
    );
    // The personal space stands among the organizations: listed twice, its names would be ambiguous.
    const empty = { applications: [], addons: [], consumers: [], providers: [] };
    const url = context.addresses().url;
    return {
      user: { ...personal, ...empty, partnerConsoleUrl: url, lang: 'EN' },
      organisations: owners,
    };
  });
  serve(app, context, accounts.getOwnApplication, async ({ application }) =>
    presentApplication(context, application),
  );
  keyRoutes(app, context);
}

function keyRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database } = context;
  serve(app, context, accounts.listKeys, async ({ user }) =>
    (await listKeys(database.read, user.id)).map(({ name, type, key, comment, fingerprint }) => ({
      name,
      key: `${type} ${key} ${comment}`.trimEnd(),
      fingerprint,
    })),
  );
  serve(app, context, accounts.putKey, async ({ user, params, body }) =>
    addKey(context, { userId: user.id, name: params.name, line: body }),
  );
  serve(app, context, accounts.deleteKey, async ({ user, params }) => {
    await removeKey(context, { userId: user.id, name: params.name });
  });
}

async function summarize(
  { database }: HttpContext,
  { id, name, role }: { id: OwnerId; name: string; role: Role },
) {
  const seen = may(role, 'application:read') ? await listApplications(database.read, id) : [];
  const applications = seen.map(summarizeApplication);
  return { id, name, role, applications, addons: [], consumers: [], providers: [] };
}

const summarizeApplication = (application: Application) => ({
  id: application.id,
  name: application.name,
  variantSlug: application.variant,
  instanceType: findVariant(application.variant)?.type ?? '',
  state: application.wanted === 'up' ? 'SHOULD_BE_UP' : 'SHOULD_BE_DOWN',
  commit: application.headCommit,
});
