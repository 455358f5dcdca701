import { on } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { ApiError, deployments, events } from '@grid/api';
import type { Application, Client, Deployment } from '@grid/api';
import { paramsOf } from './find-application.ts';
import type { Profile } from './profile.ts';
import { authorizationOf } from './profile.ts';
import { bePatient } from './read-stream.ts';
import { openSocket } from './transport.ts';

const RECONNECT_AFTER = 500;
/** A platform that is this much later with its heartbeat than it said is not there. */
const PATIENCE = 1.25;

/** The application's last deployments, then each that begins or ends, also over a restart of the platform. */
export async function* followActivity(
  { client, profile }: { client: Client; profile: Profile },
  application: Application,
  limit: number,
): AsyncGenerator<Deployment> {
  const params = paramsOf(application);
  const patience = bePatient();
  const shown = new Map<string, Deployment['state']>();
  for (;;) {
    try {
      for await (const applicationId of listen(profile)) {
        patience.answered();
        if (applicationId !== undefined && applicationId !== application.id) continue;
        const found = await client.call(deployments.listDeployments, { params, query: { limit } });
        for (const deployment of found.toReversed()) {
          if (shown.get(deployment.uuid) === deployment.state) continue;
          shown.set(deployment.uuid, deployment.state);
          yield deployment;
        }
      }
    } catch (error) {
      patience.failed(error);
    }
    await wait(RECONNECT_AFTER);
  }
}

/** The applications that something happens to; undefined once nothing is missed from then on. */
async function* listen(profile: Profile): AsyncGenerator<string | undefined> {
  const { path, fromPlatform } = events.eventSocket;
  const socket = openSocket(profile, path);
  const say = (message: object): void => socket.send(JSON.stringify(message));
  const authorization = authorizationOf(profile);
  socket.once('open', () => say({ message_type: 'oauth', authorization }));
  let late: NodeJS.Timeout | undefined;
  try {
    for await (const [data] of on(socket, 'message', { close: ['close'] })) {
      const message = fromPlatform.parse(JSON.parse(String(data)));
      if ('heartbeat_msg' in message) {
        clearTimeout(late);
        late = setTimeout(() => socket.terminate(), message.heartbeat_delay_ms * PATIENCE);
        say({ type: 'heartbeat', heartbeat_msg: 'pong' });
      } else if ('event' in message)
        yield events.DeploymentAction.parse(JSON.parse(message.data)).appId;
      else if ('message_type' in message) yield undefined;
      else throw new ApiError(401, message);
    }
  } finally {
    clearTimeout(late);
    socket.terminate();
  }
}
