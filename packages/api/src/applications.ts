import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import {
  Application,
  Domain,
  Flavor,
  Owned,
  OwnedApplication,
  Variable,
  none,
  nothing,
} from './schemas.ts';

const path = '/v2/organisations/:ownerId/applications';

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

const Zone = z.object({ name: z.string(), displayName: z.string(), tags: z.array(z.string()) });

export const listZones = endpoint({
  method: 'GET',
  path: '/v4/products/zones',
  summary: 'Where applications can live',
  params: none,
  query: none,
  body: nothing,
  result: z.array(Zone),
});

export const listApplications = endpoint({
  method: 'GET',
  path,
  summary: 'The applications of an owner',
  params: Owned,
  query: none,
  body: nothing,
  result: z.array(Application),
});

export const createApplication = endpoint({
  method: 'POST',
  path,
  summary: 'Create an application',
  params: Owned,
  query: none,
  body: Options.extend({
    name: z.string(),
    zone: z.string().optional(),
    deploy: z.string().optional(),
    instanceType: z.string().optional(),
    instanceVersion: z.string().optional(),
    instanceVariant: z.string(),
    env: z.record(z.string(), z.string()).optional(),
  }),
  result: Application,
});

export const getApplication = endpoint({
  method: 'GET',
  path: `${path}/:applicationId`,
  summary: 'One application',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: Application,
});

export const updateApplication = endpoint({
  method: 'PUT',
  path: `${path}/:applicationId`,
  summary: 'Change what is given of an application',
  params: OwnedApplication,
  query: none,
  body: Options,
  result: Application,
});

export const deleteApplication = endpoint({
  method: 'DELETE',
  path: `${path}/:applicationId`,
  summary: 'End an application and erase it',
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
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(Variable),
});

export const replaceEnvironment = endpoint({
  method: 'PUT',
  path: environment,
  summary: 'These variables and no others',
  params: OwnedApplication,
  query: none,
  body: z.record(z.string(), z.string()),
  result: nothing,
});

const NamedVariable = OwnedApplication.extend({ name: z.string() });

export const setVariable = endpoint({
  method: 'PUT',
  path: `${environment}/:name`,
  summary: 'Set a variable',
  params: NamedVariable,
  query: none,
  body: z.object({ value: z.string() }),
  result: nothing,
});

export const removeVariable = endpoint({
  method: 'DELETE',
  path: `${environment}/:name`,
  summary: 'Remove a variable',
  params: NamedVariable,
  query: none,
  body: nothing,
  result: nothing,
});

export const listDomains = endpoint({
  method: 'GET',
  path: `${path}/:applicationId/vhosts`,
  summary: 'Where the application answers',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(Domain),
});

const NamedDomain = OwnedApplication.extend({ fqdn: z.string() });

export const addDomain = endpoint({
  method: 'PUT',
  path: `${path}/:applicationId/vhosts/:fqdn`,
  summary: 'Add a domain, with an optional path',
  params: NamedDomain,
  query: none,
  body: nothing,
  result: nothing,
});

export const removeDomain = endpoint({
  method: 'DELETE',
  path: `${path}/:applicationId/vhosts/:fqdn`,
  summary: 'Remove a domain',
  params: NamedDomain,
  query: none,
  body: nothing,
  result: nothing,
});

const favourite = `${path}/:applicationId/vhosts/favourite`;

export const getFavouriteDomain = endpoint({
  method: 'GET',
  path: favourite,
  summary: 'The domain that links lead to',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: Domain,
});

export const setFavouriteDomain = endpoint({
  method: 'PUT',
  path: favourite,
  summary: 'Choose the domain that links lead to',
  params: OwnedApplication,
  query: none,
  body: Domain,
  result: Domain,
});

export const unsetFavouriteDomain = endpoint({
  method: 'DELETE',
  path: favourite,
  summary: 'Links lead to the best domain again',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: nothing,
});
