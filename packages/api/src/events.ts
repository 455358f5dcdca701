import { z } from 'zod';
import { socket } from './endpoint.ts';

const Credentials = z.object({
  message_type: z.string(),
  authorization: z.string().describe('what the header of a request would say'),
});
const Pong = z.object({ type: z.literal('heartbeat'), heartbeat_msg: z.literal('pong') });

const Ready = z.object({ message_type: z.literal('socket_ready') });
const Ping = z.object({
  type: z.literal('heartbeat'),
  heartbeat_msg: z.literal('ping'),
  heartbeat_delay_ms: z.number().describe('until the next, which wants a pong before it'),
});
const Denial = z.object({ type: z.literal('error'), id: z.number(), message: z.string() });

/** What became of a deployment. */
export const DeploymentAction = z.object({
  appId: z.string(),
  ownerId: z.string(),
  uuid: z.string(),
  state: z.enum(['WIP', 'OK', 'FAIL', 'CANCELLED']),
  action: z.enum(['DEPLOY', 'UNDEPLOY']),
  commit: z.string().nullable(),
  cause: z.string(),
});
export type DeploymentAction = z.infer<typeof DeploymentAction>;

export const EventMessage = z.object({
  event: z.enum(['DEPLOYMENT_ACTION_BEGIN', 'DEPLOYMENT_ACTION_END']),
  date: z.number(),
  data: z.string().describe('a DeploymentAction as JSON, to be parsed by itself'),
});
export type EventMessage = z.infer<typeof EventMessage>;

export const eventSocket = socket({
  path: '/v2/events/event-socket',
  summary: 'What happens to the owners that the user is a member of, as it happens',
  for: 'application:read',
  fromClient: z.union([Credentials, Pong]),
  fromPlatform: z.union([Ready, Ping, Denial, EventMessage]),
  nested: DeploymentAction,
});
