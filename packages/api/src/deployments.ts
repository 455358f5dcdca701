import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Deployment, OwnedApplication, none, nothing } from './schemas.ts';

const path = '/v2/organisations/:ownerId/applications/:applicationId';

export const deploy = endpoint({
  method: 'POST',
  path: `${path}/instances`,
  summary: 'Deploy: the commit deployed last, or the one named',
  for: 'application:operate',
  params: OwnedApplication,
  query: z.object({
    commit: z.string().optional(),
    useCache: z.enum(['yes', 'no', 'true', 'false']).optional(),
    cause: z.string().max(64).optional(),
  }),
  body: nothing,
  result: z.object({ deploymentId: z.string() }),
});

export const stop = endpoint({
  method: 'DELETE',
  path: `${path}/instances`,
  summary: 'Stop everything of the application',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: nothing,
});

export const listDeployments = endpoint({
  method: 'GET',
  path: `${path}/deployments`,
  summary: 'Deployments, the newest first',
  for: 'application:read',
  params: OwnedApplication,
  query: z.object({
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    offset: z.coerce.number().int().min(0).optional(),
    action: z.string().optional(),
  }),
  body: nothing,
  result: z.array(Deployment),
});

const OneDeployment = OwnedApplication.extend({
  deployment: z.string().max(64).describe('its uuid, or its number'),
});

export const getDeployment = endpoint({
  method: 'GET',
  path: `${path}/deployments/:deployment`,
  summary: 'One deployment, by uuid or number',
  for: 'application:read',
  params: OneDeployment,
  query: none,
  body: nothing,
  result: Deployment,
});

export const cancelDeployment = endpoint({
  method: 'DELETE',
  path: `${path}/deployments/:deployment/instances`,
  summary: 'Cancel a deployment that is not over',
  for: 'application:operate',
  params: OneDeployment,
  query: none,
  body: nothing,
  result: nothing,
});
