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
import type { ApplicationId, OwnerId } from '../../lib/ids.ts';
import { parseApplicationId } from '../access.ts';
import type { HttpContext } from '../context.ts';
import { presentApplication } from '../present/application.ts';
import { serve } from '../serve.ts';

/** What applications show to each other, and who sees it. */
export function dependencyRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, applications.getExposedEnvironment, async ({ application: { id } }) => {
    return loadExposed(context, id);
  });
  serve(
    app,
    context,
    applications.replaceExposedEnvironment,
    async ({ application, user, body }) => {
      await exposeConfiguration(context, application, { values: body, authorId: user.id });
      return {};
    },
  );
  serve(app, context, applications.listDependencies, async ({ application }) => {
    const found = await loadDependencies(context, application);
    return Promise.all(found.map((one) => presentApplication(context, one)));
  });
  serve(app, context, applications.getDependenciesEnvironment, async ({ application }) => {
    const found = await loadDependencies(context, application);
    return Promise.all(found.map((one) => describeExposed(context, one)));
  });
  serve(app, context, applications.addDependency, async ({ application, params, by }) => {
    const { id, ownerId } = application;
    const dependencyId = parseApplicationId(params.dependencyId);
    await demandApplication(context.database.read, { ownerId, applicationId: dependencyId });
    await linkApplication(context, { id, ownerId, dependencyId, by });
    return {};
  });
  serve(app, context, applications.removeDependency, async ({ application, params, by }) => {
    const { id, ownerId } = application;
    const dependencyId = parseApplicationId(params.dependencyId);
    await unlinkApplication(context, { id, ownerId, dependencyId, by });
    return {};
  });
  addonRoutes(app, context);
}

const loadExposed = ({ database, keyring }: HttpContext, id: ApplicationId) =>
  loadValues(database.read, keyring, { table: 'exposedValues', id });

async function loadDependencies(
  context: HttpContext,
  { id, ownerId }: Application,
): Promise<Application[]> {
  const { database } = context;
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

/** No add-on can be made yet: there are none, wherever clients look. */
function addonRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, accounts.listOwnAddons, async () => []);
  serve(app, context, applications.listAddonProviders, async () => []);
  serve(app, context, applications.listAddons, async () => []);
  for (const endpoint of [applications.listLinkedAddons, applications.getAddonsEnvironment])
    serve(app, context, endpoint, async () => []);
}
