import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import ssh from 'ssh2';
import type { Connection } from 'ssh2';
import { CannotStart } from '../lib/cannot-start.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { watchArrivals } from './arrivals.ts';
import { cutOffDeaf } from './backlog.ts';
import { createInside } from './gateway.ts';
import { readHostKey } from './host-key.ts';
import { createSeats } from './seats.ts';
import { serveSession } from './session.ts';
import type { Guest, SshDeps } from './session.ts';
import { awaitSignIn } from './sign-in.ts';

export type SshServer = { port: number; close(): Promise<void> };

/** Of everybody together, as a last bound: users and strangers have their own, which are smaller. */
const MOST_CONNECTIONS = 2000;
/** Of one connection. */
const MOST_SESSIONS = 10;
const TOO_MANY_SESSIONS = `There are ${MOST_SESSIONS} sessions in this connection: end one of them first.`;
/** How long a connection stays that is one too many, to be told so. */
const TOLD_WITHIN = 5 * SECOND;
/** How long a connection may be kept that is used for nothing. */
const UNUSED_FOR = 10 * MINUTE;
/** Who does not answer for three minutes is gone: a machine that sleeps, a network that is down. */
const ALIVE = { keepaliveInterval: 30 * SECOND, keepaliveCountMax: 6 };

/** Serves git and the gateway into instances to whoever has a key on an account. */
export async function startSshServer(
  known: Omit<SshDeps, 'inside'>,
  { address, port, keys }: { address: string; port: number; keys: string },
): Promise<SshServer> {
  const deps = { ...known, inside: createInside() };
  const connections = new Set<Connection>();
  const server = new ssh.Server({ hostKeys: [readHostKey(keys)], ident: 'CleverGrid', ...ALIVE });
  const parts = { arrivals: watchArrivals(), seats: createSeats() };
  server.on('connection', (connection, client) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', (error) => deps.log.debug({ err: error }, 'an SSH connection failed'));
    serveConnection(deps, parts, { connection, client });
  });
  const listener = createServer((socket) => {
    parts.arrivals.watch(socket);
    server.injectSocket(socket);
  });
  listener.maxConnections = MOST_CONNECTIONS;
  await listen(listener, port, address);
  return {
    port: (listener.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const connection of connections) connection.end();
      }),
  };
}

const listen = (server: Server, port: number, address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRINUSE' ? 'somebody listens there already' : message;
      reject(new CannotStart(`Port ${port} of ${address} cannot be used for SSH: ${why}.`));
    });
    server.listen(port, address, resolve);
  });

type Parts = { arrivals: ReturnType<typeof watchArrivals>; seats: ReturnType<typeof createSeats> };
type Client = { ip: string; port: number };

function serveConnection(
  deps: SshDeps,
  { arrivals, seats }: Parts,
  { connection, client }: { connection: Connection; client: Client },
): void {
  const gone = new AbortController();
  connection.on('close', () => gone.abort());
  connection.on('handshake', () => arrivals.reached(client, 'agreed'));
  arrivals.reached(client, 'spoke');
  awaitSignIn(deps.database.read, connection, (user) => {
    const socket = arrivals.socketOf(client);
    arrivals.signedIn(client);
    const seat = seats(user.id);
    if (seat === undefined || socket === undefined || gone.signal.aborted) {
      seat?.leave();
      connection.end();
      return;
    }
    gone.signal.addEventListener('abort', seat.leave, { once: true });
    const { refusal } = seat;
    takeSessions(deps, connection, { user, socket, refusal, gone: gone.signal });
  });
}

/** Who is told more than so often that these are too many sessions is told it by SSH alone. */
function takeSessions(deps: SshDeps, connection: Connection, guest: Omit<Guest, 'hangUp'>): void {
  const { gone, refusal } = guest;
  const hangUp = (): void => void connection.end();
  cutOffDeaf(guest.socket);
  if (refusal !== undefined) endAfter(TOLD_WITHIN, connection, gone);
  const use = endUnused(connection, gone);
  let sessions = 0;
  connection.on('session', (accept, reject) => {
    if (sessions >= 2 * MOST_SESSIONS) return reject();
    const crowded = sessions >= MOST_SESSIONS ? TOO_MANY_SESSIONS : refusal;
    sessions += 1;
    const session = accept();
    const end = use();
    session.once('close', () => {
      sessions -= 1;
      end();
    });
    serveSession(deps, session, { ...guest, hangUp, refusal: crowded });
  });
}

function endAfter(ms: number, connection: Connection, gone: AbortSignal): void {
  const timer = setTimeout(() => connection.end(), ms);
  gone.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

/** Ends a connection without a session; call the answer for each that begins, and its answer at its end. */
function endUnused(connection: Connection, gone: AbortSignal): () => () => void {
  let sessions = 0;
  const wait = (): NodeJS.Timeout => setTimeout(() => connection.end(), UNUSED_FOR);
  let timer = wait();
  gone.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return () => {
    sessions += 1;
    clearTimeout(timer);
    return () => {
      sessions -= 1;
      if (sessions === 0 && !gone.aborted) timer = wait();
    };
  };
}
