import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import ssh from 'ssh2';
import type { AuthContext, Connection, ServerChannel, Session } from 'ssh2';
import { findUserByKey } from '../accounts/manage-keys.ts';
import type { User } from '../accounts/user.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { demandRepository, endPush, serveGit } from './accept-push.ts';
import type { GitDeps, Service } from './accept-push.ts';

export type SshServer = { port: number; close(): Promise<void> };

/** Serves fetches and pushes over SSH to whoever has a key on an account; everything else is refused. */
export async function startSshServer(
  deps: GitDeps & { log: Log },
  { address, port, keys }: { address: string; port: number; keys: string },
): Promise<SshServer> {
  const connections = new Set<Connection>();
  const server = new ssh.Server({ hostKeys: [readHostKey(keys)], ident: 'CleverGrid' });
  server.on('connection', (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', (error) => deps.log.debug({ err: error }, 'an SSH connection failed'));
    serveConnection(deps, connection);
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.end();
      }),
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

function serveConnection(deps: GitDeps & { log: Log }, connection: Connection): void {
  let user: User | undefined;
  connection.on('authentication', (context) => {
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

function serveSession(deps: GitDeps & { log: Log }, session: Session, user: User): void {
  let protocol: string | undefined;
  session.on('env', (accept, _reject, { key, val }) => {
    if (key === 'GIT_PROTOCOL' && /^[\w=:.-]{1,64}$/.test(val)) protocol = val;
    accept?.();
  });
  session.on('pty', (accept) => accept?.());
  session.on('shell', (accept) => {
    const channel = accept();
    channel.stderr.write(
      `Hello ${user.name}. This server speaks git only: git push ssh://…/<APP_ID>\r\n`,
    );
    finish(channel, 1);
  });
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    serveCommand(deps, { channel, command, user, protocol })
      .then((code) => finish(channel, code))
      .catch((error: unknown) => {
        const known = error instanceof Refusal;
        if (!known) deps.log.error({ err: error }, 'a git connection failed');
        channel.stderr.write(
          `${known ? error.message : 'The platform failed; its log says why.'}\n`,
        );
        finish(channel, 1);
      });
  });
}

function finish(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

const COMMAND = /^(git-(?:upload|receive)-pack) '?([^']*)'?$/;

async function serveCommand(
  deps: GitDeps,
  asked: { channel: ServerChannel; command: string; user: User; protocol: string | undefined },
): Promise<number> {
  const { channel, command, user, protocol } = asked;
  const [, service, path] = COMMAND.exec(command) ?? [];
  if (service === undefined || path === undefined)
    throw new Refusal(
      'invalid',
      `Hello ${user.name}. This server speaks git only: push and fetch.`,
    );
  const application = await demandRepository(deps, user, path);
  const code = await serveGit(deps, {
    service: service as Service,
    application,
    user,
    protocol,
    input: channel,
    output: channel,
    errors: channel.stderr,
    args: [],
  });
  if (service === 'git-receive-pack' && code === 0)
    for (const line of await endPush(deps, application)) channel.stderr.write(`${line}\n`);
  return code;
}
