import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import {
  ENVIRONMENT_LIMIT,
  OwnedApplication,
  Variable,
  Variables,
  none,
  nothing,
} from './schemas.ts';

const path = '/v2/organisations/:ownerId/applications/:applicationId/env';

export const getEnvironment = endpoint({
  method: 'GET',
  path,
  summary: "The application's own variables",
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: z.array(Variable),
});

export const replaceEnvironment = endpoint({
  method: 'PUT',
  path,
  summary: 'These variables and no others',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: Variables,
  bodyLimit: ENVIRONMENT_LIMIT,
  result: nothing,
});

const NamedVariable = OwnedApplication.extend({ name: z.string() });

export const setVariable = endpoint({
  method: 'PUT',
  path: `${path}/:name`,
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
  path: `${path}/:name`,
  summary: 'Remove a variable',
  for: 'application:operate',
  params: NamedVariable,
  query: none,
  body: nothing,
  result: nothing,
});

const exposed = '/v2/organisations/:ownerId/applications/:applicationId/exposed_env';

export const getExposedEnvironment = endpoint({
  method: 'GET',
  path: exposed,
  summary: 'What applications that depend on this one see',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: nothing,
  result: Variables,
});

export const replaceExposedEnvironment = endpoint({
  method: 'PUT',
  path: exposed,
  summary: 'Expose these variables and no others; those that depend on it and serve are redeployed',
  for: 'application:operate',
  params: OwnedApplication,
  query: none,
  body: Variables,
  bodyLimit: ENVIRONMENT_LIMIT,
  result: nothing,
});
