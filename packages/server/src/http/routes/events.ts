import { events } from '@grid/api';
import type { RawData, WebSocket } from 'ws';
import type { z } from 'zod';
import { authenticateHeader } from '../../accounts/authenticate.ts';
import type { User } from '../../accounts/user.ts';
import { networkOf } from '../../lib/network-of.ts';
import { Refusal, refusals } from '../../lib/refusal.ts';
import type { Log } from '../../lib/log.ts';
import type { Seats } from '../../limits/seats.ts';
import type { Serving } from '../serve.ts';
import { takeSeat } from '../take-seat.ts';
import { createAudience } from '../event-audience.ts';
import type { Audience } from '../event-audience.ts';

type EventNeeds = Serving & { log: Log; seats: Seats };

/** How long a client may take to say who it is. */
const SPEAKS_WITHIN = 10_000;
/** How long until it is asked again whether it is there. */
const HEARTBEAT_EVERY = 8_000;
/** What may wait for a client to read it. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** The number that clients know missing credentials by. */
const UNAUTHENTICATED = 2001;
const POLICY = 1008;
const FAILED = 1011;
const TRY_LATER = 1013;
const FAILURE = 'The platform failed; its log says why.';

/** The events of everybody's applications, told to whoever may see those. */
export function eventSocket(needs: EventNeeds, speaksWithinMs = SPEAKS_WITHIN) {
  const audience = createAudience({ ...needs, right: events.eventSocket.for });
  return {
    socket: events.eventSocket,
    attend(client: WebSocket, address: string): void {
      // the connection is closed by whoever finds the error
      client.on('error', () => undefined);
      const proven = takeSlot(needs, client, address);
      if (proven === undefined) return;
      const late = setTimeout(() => deny(client), speaksWithinMs);
      client.once('close', () => clearTimeout(late));
      client.once('message', (data) => {
        clearTimeout(late);
        const first = parseMessage(data);
        const authorization = 'authorization' in first ? first.authorization : '';
        const session = { needs, audience, client, authorization, proven };
        admit(session).catch((error: unknown) => fail(session, error));
      });
    },
  };
}

type Session = {
  needs: EventNeeds;
  audience: Audience;
  client: WebSocket;
  /** What the client said of itself; it counts as long as it is good. */
  authorization: string;
  /** Says that it is no stranger any more. */
  proven(): void;
};

/** Undefined where too many from there have not said who they are. */
function takeSlot(
  { crowd }: EventNeeds,
  client: WebSocket,
  address: string,
): (() => void) | undefined {
  try {
    const leave = crowd.strangers.take(networkOf(address));
    client.once('close', leave);
    return leave;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    client.close(TRY_LATER, error.message);
    return undefined;
  }
}

type FromPlatform = z.input<typeof events.eventSocket.fromPlatform>;

/** Lets a client that has said who it is listen. */
async function admit(session: Session): Promise<void> {
  const { audience, client, needs } = session;
  const user = await prove(session);
  if (user === undefined) return deny(client);
  if (client.readyState !== client.OPEN) return;
  client.once('close', needs.crowd.sockets.take(''));
  const stand = await takeSeat(needs, 'sockets', user.id);
  client.once('close', stand);
  if (client.readyState !== client.OPEN) return stand();
  session.proven();
  const leave = await audience.join({
    userId: user.id,
    tell: (message) => send(client, message),
    fail: () => client.close(FAILED, FAILURE),
  });
  if (client.readyState !== client.OPEN) return leave();
  client.once('close', leave);
  say(client, { message_type: 'socket_ready' });
  keepAsking(session);
}

const prove = ({ needs: { database, clock }, authorization }: Session): Promise<User | undefined> =>
  authenticateHeader(database, authorization, clock());

/** Asks the client from time to time whether it is there, and the accounts whether it may be. */
function keepAsking(session: Session): void {
  const { client } = session;
  let answered = true;
  client.on('message', (data) => {
    if ('heartbeat_msg' in parseMessage(data)) answered = true;
  });
  const ask = async (): Promise<void> => {
    if (!answered) return client.close(POLICY, 'A heartbeat was not answered.');
    if ((await prove(session)) === undefined) return deny(client);
    answered = false;
    const ping = { type: 'heartbeat', heartbeat_msg: 'ping' } as const;
    return say(client, { ...ping, heartbeat_delay_ms: HEARTBEAT_EVERY });
  };
  const askOrFail = (): unknown => ask().catch((error: unknown) => fail(session, error));
  askOrFail();
  const timer = setInterval(askOrFail, HEARTBEAT_EVERY);
  client.once('close', () => clearInterval(timer));
}

/** Nothing that clients say is worth more than a look: what is not understood is nothing. */
function parseMessage(data: RawData): z.output<typeof events.eventSocket.fromClient> | object {
  try {
    const text = (data as Buffer).toString('utf8');
    return events.eventSocket.fromClient.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}

function deny(client: WebSocket): void {
  const message = 'Sign in: the credentials are missing, wrong or expired.';
  say(client, { type: 'error', id: UNAUTHENTICATED, message });
  client.close(POLICY, 'Authentication failed.');
}

function fail({ needs: { log }, client }: Session, error: unknown): void {
  if (error instanceof Refusal) return refuse(client, error);
  log.error({ err: error }, 'a listener could not be attended to');
  client.close(FAILED, FAILURE);
}

/** A sentence that closes a connection has at most 123 bytes: the whole of it is said before. */
function refuse(client: WebSocket, { code, message }: Refusal): void {
  say(client, { type: 'error', id: refusals[code], message });
  client.close(POLICY, `The limit is reached (${code}).`);
}

const say = (client: WebSocket, message: FromPlatform): void =>
  send(client, JSON.stringify(message));

/** Whoever reads too slowly would have us keep everything: they may come back. */
function send(client: WebSocket, message: string): void {
  if (client.readyState !== client.OPEN) return;
  if (client.bufferedAmount > MOST_WAITING_BYTES)
    client.close(POLICY, 'Messages were not read in time.');
  else client.send(message);
}
