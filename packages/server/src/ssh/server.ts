import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import ssh from 'ssh2';
import type { Connection } from 'ssh2';
import { CannotStart } from '../lib/cannot-start.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { readHostKey } from './host-key.ts';
import { serveSession } from './session.ts';
import type { SshDeps } from './session.ts';
import { awaitSignIn } from './sign-in.ts';

export type SshServer = { port: number; close(): Promise<void> };

const MOST_CONNECTIONS = 200;
const SIGN_IN_WITHIN = 20 * SECOND;
/** How long a connection may be kept that is used for nothing. */
const UNUSED_FOR = 10 * MINUTE;
/** Who does not answer for three minutes is gone: a machine that sleeps, a network that is down. */
const ALIVE = { keepaliveInterval: 30 * SECOND, keepaliveCountMax: 6 };

/** Serves git and the gateway into instances to whoever has a key on an account. */
export async function startSshServer(
  deps: SshDeps,
  { address, port, keys }: { address: string; port: number; keys: string },
): Promise<SshServer> {
  const connections = new Set<Connection>();
  const server = new ssh.Server({ hostKeys: [readHostKey(keys)], ident: 'CleverGrid', ...ALIVE });
  const arrivals = watchArrivals();
  server.on('connection', (connection, client) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', (error) => deps.log.debug({ err: error }, 'an SSH connection failed'));
    connection.on('ready', () => arrivals.signedIn(client));
    serveConnection(deps, connection);
  });
  const listener = createServer((socket) => {
    arrivals.watch(socket);
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

/** Ends connections that do not sign in in time, which may not even speak SSH. */
function watchArrivals() {
  const waiting = new Map<string, NodeJS.Timeout>();
  const signedIn = ({ ip, port }: { ip: string; port: number }): void => {
    clearTimeout(waiting.get(`${ip} ${port}`));
    waiting.delete(`${ip} ${port}`);
  };
  return {
    signedIn,
    watch(socket: Socket): void {
      const { remoteAddress: ip = '', remotePort: port = 0 } = socket;
      waiting.set(
        `${ip} ${port}`,
        setTimeout(() => socket.destroy(), SIGN_IN_WITHIN),
      );
      socket.once('close', () => signedIn({ ip, port }));
    },
  };
}

function serveConnection(deps: SshDeps, connection: Connection): void {
  const gone = new AbortController();
  connection.on('close', () => gone.abort());
  const hangUp = (): void => void connection.end();
  awaitSignIn(deps.database.read, connection, (user) => {
    const use = endUnused(connection, gone.signal);
    connection.on('session', (accept) => {
      const session = accept();
      session.once('close', use());
      serveSession(deps, session, { user, gone: gone.signal, hangUp });
    });
  });
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
