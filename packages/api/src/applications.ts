import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import {
  Application,
  ENVIRONMENT_LIMIT,
  Owned,
  OwnedApplication,
  Variables,
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
    env: Variables.optional(),
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

export const getOwnApplication = endpoint({
  method: 'GET',
  path: '/v2/self/applications/:applicationId',
  summary: 'An application of any owner that the user may see',
  for: 'application:read',
  params: z.object({ applicationId: z.string() }),
  query: none,
  body: nothing,
  result: Application,
});

export const setSandbox = endpoint({
  method: 'PUT',
  path: '/grid/v1/applications/:applicationId/sandbox',
  summary: 'What an application may ask of the kernel from its next start on',
  for: 'operator',
  params: z.object({ applicationId: z.string().max(64) }),
  query: none,
  body: z.object({
    sandbox: z
      .enum(['strict', 'nested'])
      .describe('`strict` is what applications need; `nested` allows namespaces of its own'),
  }),
  result: nothing,
});
