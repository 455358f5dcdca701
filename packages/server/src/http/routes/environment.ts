import { environment } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import {
  loadEnvironment,
  loadExposed,
  removeVariable,
  replaceVariables,
  setVariables,
} from '../../applications/environment.ts';
import { exposeConfiguration } from '../../deployments/expose-configuration.ts';
import type { Keyring } from '../../lib/encryption.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type EnvironmentNeeds = Serving & { keyring: Keyring };

/** The variables of applications, and those that they expose to others. */
export function environmentRoutes(app: FastifyInstance, needs: EnvironmentNeeds): void {
  const { database, keyring } = needs;
  serve(app, needs, environment.getEnvironment, async ({ application: { id } }) => {
    const variables = await loadEnvironment(database.read, keyring, id);
    return Object.entries(variables).map(([name, value]) => ({ name, value }));
  });
  serve(app, needs, environment.replaceEnvironment, async ({ application, body, by }) => {
    await replaceVariables(needs, { ...application, by }, body);
    return {};
  });
  serve(app, needs, environment.setVariable, async ({ application, params, body, by }) => {
    await setVariables(needs, { ...application, by }, { [params.name]: body.value });
    return {};
  });
  serve(app, needs, environment.removeVariable, async ({ application, params, by }) => {
    await removeVariable(needs, { ...application, by }, params.name);
    return {};
  });
  serve(app, needs, environment.getExposedEnvironment, async ({ application: { id } }) => {
    return loadExposed(database.read, keyring, id);
  });
  serve(app, needs, environment.replaceExposedEnvironment, async ({ application, user, body }) => {
    await exposeConfiguration(needs, application, { values: body, authorId: user.id });
    return {};
  });
}
