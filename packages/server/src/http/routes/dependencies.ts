import { dependencies } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { parseApplicationId } from '../access.ts';
import type { Application } from '../../applications/application.ts';
import { loadExposed } from '../../applications/environment.ts';
import { requireApplication } from '../../applications/find-application.ts';
import { linkApplication, unlinkApplication } from '../../applications/link-application.ts';
import { listDependencies } from '../../applications/dependency-store.ts';
import type { Keyring } from '../../lib/encryption.ts';
import type { ApplicationId, OwnerId } from '../../lib/ids.ts';
import { presentApplications } from '../present/application.ts';
import type { Presenting } from '../present/application.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type DependencyNeeds = Serving & Presenting & { keyring: Keyring };

/** What applications show to each other, and who sees it. */
export function dependencyRoutes(app: FastifyInstance, needs: DependencyNeeds): void {
  serve(app, needs, dependencies.listDependencies, async ({ application }) =>
    presentApplications(needs, await loadDependencies(needs, application)),
  );
  serve(app, needs, dependencies.getDependenciesEnvironment, async ({ application }) => {
    const found = await loadDependencies(needs, application);
    return Promise.all(found.map((one) => describeExposed(needs, one)));
  });
  serve(app, needs, dependencies.addDependency, async ({ application, params, by }) => {
    const { id, ownerId } = application;
    const dependencyId = parseApplicationId(params.dependencyId);
    await requireApplication(needs.database.read, { ownerId, applicationId: dependencyId });
    await linkApplication(needs, { id, ownerId, dependencyId, by });
    return {};
  });
  serve(app, needs, dependencies.removeDependency, async ({ application, params, by }) => {
    const { id, ownerId } = application;
    const dependencyId = parseApplicationId(params.dependencyId);
    await unlinkApplication(needs, { id, ownerId, dependencyId, by });
    return {};
  });
}

async function loadDependencies(
  needs: DependencyNeeds,
  { id, ownerId }: Application,
): Promise<Application[]> {
  const { database } = needs;
  const ids = await listDependencies(database.read, id);
  return Promise.all(ids.map((one) => find(needs, ownerId, one)));
}

const find = ({ database }: DependencyNeeds, ownerId: OwnerId, applicationId: ApplicationId) =>
  requireApplication(database.read, { ownerId, applicationId });

async function describeExposed({ database, keyring }: DependencyNeeds, { id, name }: Application) {
  const exposed = await loadExposed(database.read, keyring, id);
  const env = Object.entries(exposed).map(([variable, value]) => ({ name: variable, value }));
  return { app_id: id, app_name: name, env };
}
