import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import ssh from 'ssh2';
import type { AuthContext, Connection } from 'ssh2';
import { findUserByKey } from '../accounts/manage-keys.ts';
import type { User } from '../accounts/user.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import type { GitDeps } from './accept-push.ts';
import { serveSession } from './ssh-session.ts';
import type { SshDeps } from './ssh-session.ts';

export type SshServer = { port: number; close(): Promise<void> };

const MOST_CONNECTIONS = 200;
/** Clients offer each of their keys; OpenSSH's own server takes six. */
const MOST_ATTEMPTS = 12;
const SIGN_IN_WITHIN = 20 * SECOND;
/** Git says something every few seconds while it works. */
const SILENT_FOR = 10 * MINUTE;

/** Serves fetches and pushes over SSH to whoever has a key on an account; everything else is refused. */
export async function startSshServer(
  deps: SshDeps,
  { address, port, keys }: { address: string; port: number; keys: string },
): Promise<SshServer> {
  const connections = new Set<Connection>();
  const server = new ssh.Server({ hostKeys: [readHostKey(keys)], ident: 'CleverGrid' });
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
    server.once('error', reject);
    server.listen(port, address, resolve);
  });

/** Ends connections that do not sign in in time, which may not even speak SSH, and silent ones. */
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
      socket.setTimeout(SILENT_FOR, () => socket.destroy());
    },
  };
}

/** The key by which clients know this server; made once, kept with the data. */
function readHostKey(directory: string): string {
  const path = join(directory, 'ssh_host_key');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) {
    const { private: key } = ssh.utils.generateKeyPairSync('ed25519');
    writeFileSync(path, key, { mode: 0o600, flush: true });
  }
  return readFileSync(path, 'utf8');
}

function serveConnection(deps: SshDeps, connection: Connection): void {
  let user: User | undefined;
  let attempts = 0;
  connection.on('authentication', (context) => {
    attempts += 1;
    if (attempts > MOST_ATTEMPTS) {
      connection.end();
      return;
    }
    authenticate(deps, context)
      .then((found) => {
        user = found;
        if (found === undefined) context.reject(['publickey']);
        else context.accept();
      })
      .catch(() => context.reject());
  });
  connection.on('ready', () => {
    connection.on('session', (accept) => {
      if (user !== undefined) serveSession(deps, accept(), user);
    });
  });
}

/** Whose key it is; an offer is accepted as one, and what signs must have signed this session. */
async function authenticate(deps: GitDeps, context: AuthContext): Promise<User | undefined> {
  if (context.method !== 'publickey') return undefined;
  const user = await findUserByKey(deps.database.read, context.key.data.toString('base64'));
  if (user === undefined || context.signature === undefined) return user;
  const key = ssh.utils.parseKey(context.key.data);
  if (key instanceof Error || context.blob === undefined) return undefined;
  return key.verify(context.blob, context.signature, context.hashAlgo) ? user : undefined;
}
