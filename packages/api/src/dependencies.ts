import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Application, OwnedApplication, Variable, none, nothing } from './schemas.ts';

const path = '/v2/organisations/:ownerId/applications/:applicationId/dependencies';

export const listDependencies = endpoint({
  method: 'GET',
  path,
  summary: 'The applications that this one depends on',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(Application),
});

export const getDependenciesEnvironment = endpoint({
  method: 'GET',
  path: `${path}/env`,
  summary: 'What those expose, by application',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(z.object({ app_id: z.string(), app_name: z.string(), env: z.array(Variable) })),
});

const Dependency = OwnedApplication.extend({ dependencyId: z.string().max(64) });

export const addDependency = endpoint({
  method: 'PUT',
  path: `${path}/:dependencyId`,
  summary: 'Depend on another application of the same owner',
  for: 'application:operate',
  params: Dependency,
  query: none,
  body: nothing,
  result: nothing,
});

export const removeDependency = endpoint({
  method: 'DELETE',
  path: `${path}/:dependencyId`,
  summary: 'Depend on it no more',
  for: 'application:operate',
  params: Dependency,
  query: none,
  body: nothing,
  result: nothing,
});
