import { accounts, rights } from '@grid/api';
import type { Right } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { CheckPassword } from '../../accounts/check-password.ts';
import { changePassword, hasPassword, signIn, signInLocally } from '../../accounts/sign-in.ts';
import { findVariant } from '../../applications/application.ts';
import type { Application } from '../../applications/application.ts';
import { listApplications } from '../../applications/application-store.ts';
import type { OwnerId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { listMemberships } from '../../organizations/organization-store.ts';
import { may, rightsOf } from '../../organizations/may.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';
import type { Role } from '../../store/schema.ts';

type AccountNeeds = Serving & {
  checkPassword: CheckPassword;
  /** Addresses as users see them; the ports are known once everything listens. */
  addresses(): { url: string; sshUrl: string };
};

/** Who asks, what they can reach, and how they come in. */
export function accountRoutes(app: FastifyInstance, needs: AccountNeeds): void {
  const { database } = needs;
  serve(app, needs, accounts.getSelf, async ({ user }) => ({
    id: user.id,
    email: user.email,
    name: user.name,
    avatar: null,
    creationDate: user.createdAt,
    lang: 'EN',
    preferredMFA: 'NONE',
    hasPassword: await hasPassword(needs, user),
    admin: user.operator,
  }));
  serve(app, needs, accounts.getRights, async ({ user }) => {
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
  serve(app, needs, accounts.getSummary, async ({ user }) => {
    const memberships = await listMemberships(database.read, user.id);
    const personal = { id: user.id, name: user.name, role: 'ADMIN' } as const;
    const owners = await Promise.all(
      [...memberships, personal].map((owner) => summarize(needs, owner)),
    );
    // The personal space stands among the organizations: listed twice, its names would be ambiguous.
    const empty = { applications: [], addons: [], consumers: [], providers: [] };
    const url = needs.addresses().url;
    return {
      user: { ...personal, ...empty, partnerConsoleUrl: url, lang: 'EN' },
      organisations: owners,
    };
  });
  serve(app, needs, accounts.signIn, async ({ body, local, client, ip }) => {
    const { email, password, name } = body;
    if (password !== undefined) return signIn(needs, { email, password, client }, { name, ip });
    if (local) return signInLocally(needs, email, { name });
    throw new Refusal('unauthenticated', 'Give the password too.');
  });
  serve(app, needs, accounts.setPassword, async ({ body, client, ...asks }) =>
    changePassword(needs, asks, { ...body, client }),
  );
}

/** What each role may do with what an owner has. */
const ROLES = Object.fromEntries(
  rights.Role.options.map((role) => [role, rightsOf(role)]),
) as Record<Role, Right[]>;

async function summarize(
  { database }: AccountNeeds,
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
