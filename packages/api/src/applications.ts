import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import {
  Application,
  ENVIRONMENT_LIMIT,
  Flavor,
  Owned,
  OwnedApplication,
  Variable,
  none,
  nothing,
} from './schemas.ts';

const path = '/v2/organisations/:ownerId/applications';

/** More than any application may have; whatever is larger is refused before it is looked at. */
const MOST_VARIABLES = 2_000;

const Values = z
  .record(z.string(), z.string())
  .refine(
    (values) => Object.keys(values).length <= MOST_VARIABLES,
    `must have at most ${MOST_VARIABLES} variables`,
  );

/** Clients echo the whole object back: what is not known is left out. */
const Options = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  minInstances: z.number().optional(),
  maxInstances: z.number().optional(),
  minFlavor: z.string().optional(),
  maxFlavor: z.string().optional(),
  buildFlavor: z.string().optional(),
  separateBuild: z.boolean().optional(),
  homogeneous: z.boolean().optional(),
  stickySessions: z.boolean().optional(),
  cancelOnPush: z.boolean().optional(),
  forceHttps: z.enum(['ENABLED', 'DISABLED']).optional(),
  instanceLifetime: z.enum(['TASK', 'REGULAR']).optional(),
});

export const listInstanceTypes = endpoint({
  method: 'GET',
  path: '/v2/products/instances',
  summary: 'What applications can be made of',
  for: 'signed in',
  params: none,
  query: z.object({ for: z.string().optional() }),
  body: nothing,
  result: z.array(
    z.object({
      type: z.string(),
      version: z.string(),
      enabled: z.boolean(),
      comingSoon: z.boolean(),
      name: z.string(),
      description: z.string(),
      variant: z.object({
        id: z.string(),
        slug: z.string(),
        name: z.string(),
        deployType: z.string(),
      }),
      defaultFlavor: Flavor,
      buildFlavor: Flavor,
      flavors: z.array(Flavor),
      maxInstances: z.number(),
      deployments: z.array(z.string()),
      tags: z.array(z.string()),
    }),
  ),
});

export const listAddonProviders = endpoint({
  method: 'GET',
  path: '/v2/products/addonproviders',
  summary: 'What add-ons can be made of',
  for: 'signed in',
  params: none,
  query: z.object({ orgaId: z.string().optional() }),
  body: nothing,
  result: z.array(z.unknown()),
});

export const Zone = z.object({
  name: z.string(),
  displayName: z.string(),
  tags: z.array(z.string()),
});

export const listZonesOfV2 = endpoint({
  method: 'GET',
  path: '/v2/products/zones',
  summary: 'Where applications can live',
  for: 'signed in',
  params: none,
  query: none,
  body: nothing,
  result: z.array(Zone),
});

export const listZones = endpoint({
  method: 'GET',
  path: '/v4/products/zones',
  summary: 'Where applications can live',
  for: 'signed in',
  params: none,
  query: none,
  body: nothing,
  result: z.array(Zone),
});

export const listApplications = endpoint({
  method: 'GET',
  path,
  summary: 'The applications of an owner',
  for: 'application:read',
  params: Owned,
  query: none,
  body: nothing,
  result: z.array(Application),
});

export const createApplication = endpoint({
  method: 'POST',
  path,
  summary: 'Create an application',
  for: 'application:create',
  params: Owned,
  query: none,
  body: Options.extend({
    name: z.string(),
    zone: z.string().optional(),
    deploy: z.literal('git').optional(),
    instanceType: z.string().optional(),
    instanceVersion: z.string().optional(),
    instanceVariant: z.string(),
    env: Values.optional(),
  }),
  bodyLimit: ENVIRONMENT_LIMIT,
  result: Application,
});

export const getApplication = endpoint({
  method: 'GET',
  path: `${path}/:applicationId`,
  summary: 'One application',
  for: 'application:read',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: Application,
});

export const updateApplication = endpoint({
  method: 'PUT',
  path: `${path}/:applicationId`,
  summary: 'Change what is given of an application',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: Options,
  // the variables are part of what is echoed
  bodyLimit: ENVIRONMENT_LIMIT,
  result: Application,
});

export const deleteApplication = endpoint({
  method: 'DELETE',
  path: `${path}/:applicationId`,
  summary: 'End an application and erase it',
  for: 'application:delete',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: nothing,
});

const environment = `${path}/:applicationId/env`;

export const getEnvironment = endpoint({
  method: 'GET',
  path: environment,
  summary: "The application's own variables",
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(Variable),
});

export const replaceEnvironment = endpoint({
  method: 'PUT',
  path: environment,
  summary: 'These variables and no others',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: Values,
  bodyLimit: ENVIRONMENT_LIMIT,
  result: nothing,
});

const NamedVariable = OwnedApplication.extend({ name: z.string() });

export const setVariable = endpoint({
  method: 'PUT',
  path: `${environment}/:name`,
  summary: 'Set a variable',
  for: 'application:operate',
  params: NamedVariable,
  query: none,
  body: z.object({ value: z.string() }),
  bodyLimit: ENVIRONMENT_LIMIT,
  result: nothing,
});

export const removeVariable = endpoint({
  method: 'DELETE',
  path: `${environment}/:name`,
  summary: 'Remove a variable',
  for: 'application:operate',
  params: NamedVariable,
  query: none,
  body: nothing,
  result: nothing,
});

const exposed = `${path}/:applicationId/exposed_env`;
export const getExposedEnvironment = endpoint({
  method: 'GET',
  path: exposed,
  summary: 'What applications that depend on this one see',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: Values,
});

export const replaceExposedEnvironment = endpoint({
  method: 'PUT',
  path: exposed,
  summary: 'Expose these variables and no others; those that depend on it and serve are redeployed',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: Values,
  bodyLimit: ENVIRONMENT_LIMIT,
  result: nothing,
});

const dependencies = `${path}/:applicationId/dependencies`;

export const listDependencies = endpoint({
  method: 'GET',
  path: dependencies,
  summary: 'The applications that this one depends on',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(Application),
});

export const getDependenciesEnvironment = endpoint({
  method: 'GET',
  path: `${dependencies}/env`,
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
  path: `${dependencies}/:dependencyId`,
  summary: 'Depend on another application of the same owner',
  for: 'application:operate',
  params: Dependency,
  query: none,
  body: nothing,
  result: nothing,
});

export const removeDependency = endpoint({
  method: 'DELETE',
  path: `${dependencies}/:dependencyId`,
  summary: 'Depend on it no more',
  for: 'application:operate',
  params: Dependency,
  query: none,
  body: nothing,
  result: nothing,
});

export const listLinkedAddons = endpoint({
  method: 'GET',
  path: `${path}/:applicationId/addons`,
  summary: 'The add-ons that are linked to the application',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(z.unknown()),
});

export const getAddonsEnvironment = endpoint({
  method: 'GET',
  path: `${path}/:applicationId/addons/env`,
  summary: 'What those bring into its environment, by add-on',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(z.unknown()),
});

export const listAddons = endpoint({
  method: 'GET',
  path: '/v2/organisations/:ownerId/addons',
  summary: 'The add-ons of an owner',
  for: 'application:read',
  params: Owned,
  query: none,
  body: nothing,
  result: z.array(z.unknown()),
});
