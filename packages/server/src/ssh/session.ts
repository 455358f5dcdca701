import type { Socket } from 'node:net';
import type { ServerChannel, Session } from 'ssh2';
import type { User } from '../accounts/user.ts';
import type { CommandEnd } from '../workloads/engine.ts';
import { requirePush, requireRepository } from '../git/accept-push.ts';
import type { GitDeps } from '../git/accept-push.ts';
import { NO_LFS } from '../git/refuse-lfs.ts';
import { serveGit } from '../git/serve-git.ts';
import { MINUTE } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { troubleOf } from '../store/trouble.ts';
import { parseAsked } from './asked.ts';
import type { Asked } from './asked.ts';
import { openStream, whenTaken } from './backlog.ts';
import { createWriter } from './channel-writer.ts';
import { finish } from './finish.ts';
import { serveGateway } from './gateway.ts';
import type { GatewayDeps } from './gateway.ts';
import { listEnterable } from './list-enterable.ts';
import { noteRequests } from './requests.ts';
import { whenSilent } from './silence.ts';
import type { Talk } from './talk.ts';

export type SshDeps = GitDeps & GatewayDeps & { log: Log; address(): string };

/** Who is at the other end of a connection. */
export type Guest = {
  user: User;
  socket: Socket;
  gone: AbortSignal;
  hangUp(): void;
  /** Why nothing is done for them. */
  refusal: string | undefined;
};

/** Git says something every few seconds while it works. */
const GIT_SILENT_FOR = 10 * MINUTE;
/** A session that is begun asks for something. */
const ASK_WITHIN = MINUTE;

/** What somebody who signed in may do in a session: git's two commands, and entering instances. */
export function serveSession(deps: SshDeps, session: Session, guest: Guest): void {
  const { user, socket, gone, hangUp, refusal } = guest;
  const requests = noteRequests(session);
  const closed = new AbortController();
  session.once('close', () => closed.abort());
  const left = AbortSignal.any([gone, closed.signal]);
  const idle = setTimeout(hangUp, ASK_WITHIN);
  left.addEventListener('abort', () => clearTimeout(idle), { once: true });
  const serve = (accept: () => ServerChannel | undefined, asked: Asked): void => {
    clearTimeout(idle);
    const channel = accept();
    // a session is asked for one thing
    if (channel === undefined) return;
    // a client may go at any moment, also while it is told something
    channel.on('error', () => undefined);
    channel.stderr.on('error', () => undefined);
    if (asked.kind === 'git') whenSilent(channel, { within: GIT_SILENT_FOR, until: left }, hangUp);
    const write = createWriter(channel, left, () => whenTaken(socket));
    const talk = { user, channel, requests, left, write, refusal };
    void answer(deps, talk, asked).then((end) => finish(channel, end));
  };
  session.on('shell', (accept) => serve(accept, { kind: 'list' }));
  session.on('subsystem', (accept) => serve(accept, { kind: 'unknown' }));
  session.on('exec', (accept, _reject, { command }) => serve(accept, parseAsked(command)));
}

/** Does what is asked for, or says why not; how it ended. */
async function answer(deps: SshDeps, talk: Talk, asked: Asked): Promise<CommandEnd> {
  const { channel, left, write } = talk;
  try {
    return await obey(deps, talk, asked);
  } catch (error) {
    if (!left.aborted && !(error instanceof Refusal))
      deps.log.error({ err: error }, 'an SSH session failed');
    const sentence =
      error instanceof Refusal
        ? error.message
        : (troubleOf(error) ?? 'The platform failed; its log says why.');
    await write(channel.stderr, `${sentence}\n`.replaceAll('\n', '\r\n'));
    return { exitCode: 1 };
  }
}

async function obey(deps: SshDeps, talk: Talk, asked: Asked): Promise<CommandEnd> {
  if (talk.refusal !== undefined) throw new Refusal('too_many', talk.refusal);
  if (asked.kind === 'git') return { exitCode: await git(deps, talk, asked) };
  if (asked.kind === 'enter') return serveGateway(deps, talk, asked);
  if (asked.kind === 'lfs') throw new Refusal('not_found', NO_LFS);
  if (asked.kind === 'unknown') throw new Refusal('invalid', whatToType(talk.user, deps.address()));
  const lines = await listEnterable(deps.database.read, talk.user, deps.address());
  const newline = talk.requests.terminal === undefined ? '\n' : '\r\n';
  await talk.write(talk.channel, lines.map((line) => `${line}${newline}`).join(''));
  return { exitCode: 0 };
}

const whatToType = ({ name }: User, address: string): string =>
  `Hello ${name}. This server speaks git (git push ${address}/<APP_ID>.git) and enters instances: ssh -t ${address} <INSTANCE_ID or APP_ID> [COMMAND]. Without a command it lists them. Files go by a command too: ssh ${address} <ID> 'cat > FILE' < FILE`;

async function git(
  deps: GitDeps,
  { user, channel, requests, write, left }: Talk,
  { service, path }: Extract<Asked, { kind: 'git' }>,
): Promise<number> {
  const application = await requireRepository(deps, user, path);
  if (service === 'git-receive-pack') await requirePush(deps, application);
  return serveGit(deps, {
    service,
    application,
    user,
    protocol: requests.protocol,
    input: channel,
    output: openStream(channel, write, left),
    errors: openStream(channel.stderr, write, left),
  });
}
