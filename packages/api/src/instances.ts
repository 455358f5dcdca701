import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Instance, OwnedApplication, none, nothing } from './schemas.ts';

export const listInstances = endpoint({
  method: 'GET',
  path: '/v2/organisations/:ownerId/applications/:applicationId/instances',
  summary: 'The instances that are not over',
  for: 'application:read',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(Instance),
});
