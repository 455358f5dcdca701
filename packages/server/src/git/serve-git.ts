import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { User } from '../accounts/user.ts';
import type { Application } from '../applications/application.ts';
import { carry } from '../lib/carry.ts';
import { HOUR, MINUTE } from '../lib/duration.ts';
import { Refusal } from '../lib/refusal.ts';
import type { GitDeps } from './accept-push.ts';
import { requireBytes, takeTurn } from './git-limits.ts';
import { servePush } from './serve-push.ts';
import { LARGEST_PUSH, placeOf } from './repository.ts';
import { spawnGit } from './run-git.ts';
import type { GitProcess } from './run-git.ts';

export type Service = 'git-upload-pack' | 'git-receive-pack';

export type Exchange = {
  service: Service;
  application: Application;
  user: User;
  input: Readable;
  output: Writable;
  errors: Writable | undefined;
  /** Protocol version that the client asked for. */
  protocol: string | undefined;
  /** Only says which refs there are, after this. */
  advertise?: string | undefined;
  /** One request and its answer at a time, as over HTTP. */
  stateless?: boolean;
  /** How long the client may say nothing while it is listened to. */
  silentMs?: number;
};

/** Runs git's side of a fetch or a push over a connection; its exit code. */
export async function serveGit(deps: GitDeps, exchange: Exchange): Promise<number> {
  const { application, user, output } = exchange;
  const gone = new AbortController();
  const leave = (): void => gone.abort(new Refusal('unavailable', 'The client has gone.'));
  output.once('close', leave);
  if (output.destroyed) leave();
  const who = { user: user.id, repository: application.id };
  const release = await takeTurn(deps.gitLimits, who, gone.signal);
  try {
    return await serve(deps, exchange, gone.signal);
  } finally {
    release();
    output.off('close', leave);
  }
}

async function serve(deps: GitDeps, exchange: Exchange, gone: AbortSignal): Promise<number> {
  const { service, application, advertise, stateless = false } = exchange;
  const args = [
    service.slice(4),
    ...(stateless ? ['--stateless-rpc'] : []),
    ...(advertise === undefined ? [] : ['--advertise-refs']),
    '.',
  ];
  const order = { args, environment: protocolOf(exchange) };
  const talk = (child: GitProcess): Promise<number> => connect(child, exchange, gone);
  if (service === 'git-receive-pack' && advertise === undefined)
    return servePush(deps, { ...exchange, order }, talk);
  // clients show their user why they are refused here, and nowhere later
  if (service === 'git-receive-pack') await requireBytes(deps, application);
  const child = await spawnGit(placeOf(deps.paths, application.id), order);
  if (advertise !== undefined) exchange.output.write(advertise);
  return talk(child);
}

/** What a client may say of the protocol; it goes into git's environment. */
const PROTOCOL = /^version=[0-2]$/;

const protocolOf = ({ protocol = '' }: Exchange): Record<string, string> =>
  PROTOCOL.test(protocol) ? { GIT_PROTOCOL: protocol } : {};

/** What a fetch asks is short; a push is as large as its pack, which git measures itself. */
const LARGEST: Record<Service, number> = {
  'git-upload-pack': 16 * 1024 ** 2,
  'git-receive-pack': LARGEST_PUSH + 64 * 1024 ** 2,
};
/** A client that takes nothing for so long is gone. */
const STUCK = 5 * MINUTE;
const LONGEST = 2 * HOUR;

/** Copies both ways until git has ended; git ends when the client goes, or takes too long. */
async function connect(child: GitProcess, exchange: Exchange, gone: AbortSignal): Promise<number> {
  const { output, errors } = exchange;
  // not `close`: git may leave something behind that packs the repository, with all pipes open
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const over = AbortSignal.any([gone, AbortSignal.timeout(LONGEST)]);
  over.addEventListener('abort', child.end, { once: true });
  if (over.aborted) child.end();
  let failure: Error | undefined;
  void feed(child, exchange).then((error) => (failure = error));
  const complained =
    errors === undefined
      ? void child.stderr.resume()
      : carry(child.stderr, errors, { open: true, stuckMs: STUCK });
  const copied = carry(child.stdout, output, { open: true, stuckMs: STUCK });
  copied.catch(child.end);
  complained?.catch(() => child.stderr.resume());
  const [[code]] = await Promise.all([exited, copied.catch(() => undefined)]);
  over.removeEventListener('abort', child.end);
  if (failure !== undefined) throw failure;
  return code ?? 1;
}

/** Gives git what the client says. Git may end before it has read all; the rest is then let go by. */
async function feed(
  child: GitProcess,
  { input, service, silentMs }: Exchange,
): Promise<Error | undefined> {
  const bounds = { most: LARGEST[service], ...(silentMs !== undefined && { silentMs }) };
  try {
    await carry(input, child.stdin, bounds);
  } catch (error) {
    if (error instanceof Refusal || input.errored) {
      child.end();
      return error as Error;
    }
    input.resume();
  }
  return undefined;
}
