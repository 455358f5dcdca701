import { z } from 'zod';
import { socket } from './endpoint.ts';

const Credentials = z.object({
  message_type: z.string(),
  /** As the header of a request would say it. */
  authorization: z.string(),
});
const Pong = z.object({ type: z.literal('heartbeat'), heartbeat_msg: z.literal('pong') });

const Ready = z.object({ message_type: z.literal('socket_ready') });
const Ping = z.object({
  type: z.literal('heartbeat'),
  heartbeat_msg: z.literal('ping'),
  /** When the next comes at the latest; each wants a pong before it. */
  heartbeat_delay_ms: z.number(),
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
  /** A `DeploymentAction` as JSON: clients parse it by itself. */
  data: z.string(),
});
export type EventMessage = z.infer<typeof EventMessage>;

export const eventSocket = socket({
  path: '/v2/events/event-socket',
  summary: 'What happens to the owners that the user is a member of, as it happens',
  fromClient: z.union([Credentials, Pong]),
  fromPlatform: z.union([Ready, Ping, Denial, EventMessage]),
});
