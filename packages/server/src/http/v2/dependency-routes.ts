import { accounts, applications } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { loadValues } from '../../applications/environment.ts';
import { demandApplication } from '../../applications/find-application.ts';
import type { Application } from '../../applications/application.ts';
import {
  linkApplication,
  listDependencies,
  unlinkApplication,
} from '../../applications/link-application.ts';
import { exposeConfiguration } from '../../deployments/expose-configuration.ts';
import { byUser } from '../../events/actor.ts';
import { parseId } from '../../lib/ids.ts';
import type { ApplicationId, OwnerId } from '../../lib/ids.ts';
import { Refusal } from '../../lib/refusal.ts';
import { accessApplication, accessOwner } from '../access.ts';
import type { HttpContext } from '../context.ts';
import { presentApplication } from '../present/application.ts';
import { serve } from '../serve.ts';

/** What applications show to each other, and who sees it. */
export function dependencyRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, applications.getExposedEnvironment, async (call) => {
    const { id } = await accessApplication(context, call, 'application:operate');
    return loadExposed(context, id);
  });
  serve(app, context, applications.replaceExposedEnvironment, async (call) => {
    const application = await accessApplication(context, call, 'application:operate');
    const order = { values: call.body, authorId: call.user.id };
    await exposeConfiguration(context, application, order);
    return {};
  });
  serve(app, context, applications.listDependencies, async (call) => {
    const found = await loadDependencies(context, call);
    return Promise.all(found.map((one) => presentApplication(context, one)));
  });
  serve(app, context, applications.getDependenciesEnvironment, async (call) => {
    const found = await loadDependencies(context, call);
    return Promise.all(found.map((one) => describeExposed(context, one)));
  });
  serve(app, context, applications.addDependency, async (call) => {
    const { id, ownerId } = await accessApplication(context, call, 'application:operate');
    const dependencyId = demandId(call.params.dependencyId);
    await demandApplication(context.database.read, { ownerId, applicationId: dependencyId });
    await linkApplication(context, { id, ownerId, dependencyId, by: byUser(call.user.id) });
    return {};
  });
  serve(app, context, applications.removeDependency, async (call) => {
    const { id, ownerId } = await accessApplication(context, call, 'application:operate');
    const dependencyId = demandId(call.params.dependencyId);
    await unlinkApplication(context, { id, ownerId, dependencyId, by: byUser(call.user.id) });
    return {};
  });
  addonRoutes(app, context);
}

const loadExposed = ({ database, keyring }: HttpContext, id: ApplicationId) =>
  loadValues(database.read, keyring, { table: 'exposedValues', id });

async function loadDependencies(
  context: HttpContext,
  call: Parameters<typeof accessApplication>[1],
): Promise<Application[]> {
  const { database } = context;
  const { id, ownerId } = await accessApplication(context, call, 'application:operate');
  const ids = await listDependencies(database.read, id);
  return Promise.all(ids.map((one) => find(context, ownerId, one)));
}

const find = ({ database }: HttpContext, ownerId: OwnerId, applicationId: ApplicationId) =>
  demandApplication(database.read, { ownerId, applicationId });

async function describeExposed(context: HttpContext, { id, name }: Application) {
  const exposed = await loadExposed(context, id);
  const env = Object.entries(exposed).map(([variable, value]) => ({ name: variable, value }));
  return { app_id: id, app_name: name, env };
}

function demandId(text: string): ApplicationId {
  const id = parseId('application', text);
  if (id !== undefined) return id;
  throw new Refusal('not_found', `There is no application ${JSON.stringify(text)}.`);
}

/** No add-on can be made yet: there are none, wherever clients look. */
function addonRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, accounts.listOwnAddons, async () => []);
  serve(app, context, applications.listAddonProviders, async () => []);
  serve(app, context, applications.listAddons, async (call) => {
    await accessOwner(context, call, 'application:read');
    return [];
  });
  for (const endpoint of [applications.listLinkedAddons, applications.getAddonsEnvironment])
    serve(app, context, endpoint, async (call) => {
      await accessApplication(context, call, 'application:operate');
      return [];
    });
}
