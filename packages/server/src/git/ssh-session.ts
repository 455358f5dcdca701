import type { ServerChannel, Session } from 'ssh2';
import type { User } from '../accounts/user.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { demandRepository } from './accept-push.ts';
import type { GitDeps } from './accept-push.ts';
import { serveGit } from './serve-git.ts';
import type { Service } from './serve-git.ts';

export type SshDeps = GitDeps & { log: Log };

/** What a signed-in user may do in a session: git's two commands. The rest is refused with a sentence. */
export function serveSession(deps: SshDeps, session: Session, user: User): void {
  let protocol: string | undefined;
  session.on('env', (accept, _reject, { key, val }) => {
    if (key === 'GIT_PROTOCOL' && /^[\w=:.-]{1,64}$/.test(val)) protocol = val;
    accept?.();
  });
  session.on('pty', (accept) => accept?.());
  const refuse = (accept: () => ServerChannel): void => say(accept(), onlyGit(user));
  session.on('shell', refuse);
  session.on('subsystem', refuse);
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    // a client may go at any moment, also while it is told something
    channel.on('error', () => undefined);
    serveCommand(deps, { channel, command, user, protocol })
      .then((code) => finish(channel, code))
      .catch((error: unknown) => {
        const known = error instanceof Refusal;
        if (!known) deps.log.error({ err: error }, 'a git connection failed');
        say(channel, known ? error.message : 'The platform failed; its log says why.');
      });
  });
}

const onlyGit = ({ name }: User): string =>
  `Hello ${name}. This server speaks git only: git push ssh://…/<APP_ID>.git`;

function say(channel: ServerChannel, sentence: string): void {
  channel.stderr.write(`${sentence}\r\n`);
  finish(channel, 1);
}

function finish(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

/** As git writes it: the path in single quotes, of which an application's id has none. */
const COMMAND = /^(git-(?:upload|receive)-pack) '?([^']*)'?$/;

async function serveCommand(
  deps: GitDeps,
  asked: { channel: ServerChannel; command: string; user: User; protocol: string | undefined },
): Promise<number> {
  const { channel, command, user, protocol } = asked;
  const [, service, path] = COMMAND.exec(command) ?? [];
  if (service === undefined || path === undefined) throw new Refusal('invalid', onlyGit(user));
  const application = await demandRepository(deps, user, path);
  return serveGit(deps, {
    service: service as Service,
    application,
    user,
    protocol,
    input: channel,
    output: channel,
    errors: channel.stderr,
  });
}
