import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { User } from '../accounts/user.ts';
import type { Application } from '../applications/application.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { request } from '../reconcile/queue.ts';
import { beginPush, endPush } from './accept-push.ts';
import type { GitDeps } from './accept-push.ts';
import { spawnGit, spawnHookedGit } from './run-git.ts';
import type { HookedGit } from './run-git.ts';

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
  /** Only says which refs there are. */
  advertise?: boolean;
  /** One request and its answer at a time, as over HTTP. */
  stateless?: boolean;
};

/** Runs git's side of a fetch or a push over a connection; its exit code. */
export async function serveGit(deps: GitDeps, exchange: Exchange): Promise<number> {
  const { service, application, advertise = false, stateless = false } = exchange;
  const args = [
    service.slice(4),
    ...(stateless ? ['--stateless-rpc'] : []),
    ...(advertise ? ['--advertise-refs'] : []),
    deps.paths.repository(application.id),
  ];
  const { protocol } = exchange;
  const environment = protocol === undefined ? {} : { GIT_PROTOCOL: protocol };
  if (service === 'git-upload-pack' || advertise)
    return connect(spawnGit(args, environment), exchange);
  const since = await beginPush(deps, application, exchange.user);
  const child = spawnHookedGit(args, environment);
  const hook = answerHook(deps, { ...exchange, since }, child);
  try {
    return await connect(child, exchange);
  } finally {
    await hook.end();
  }
}

/** Copies both ways until git has ended; git ends when the client goes. */
async function connect(
  child: ReturnType<typeof spawnGit>,
  { input, output, errors }: Exchange,
): Promise<number> {
  // not `close`: git may leave something behind that packs the repository, with all pipes open
  const exited = once(child, 'exit');
  const end = (): boolean => child.kill('SIGTERM');
  output.once('close', end);
  feed(child.stdin, input, end);
  if (errors === undefined) child.stderr.resume();
  else child.stderr.pipe(errors, { end: false });
  const copied = pipeline(child.stdout, output, { end: false }).catch(end);
  const [[code]] = (await Promise.all([exited, copied])) as [[number | null], unknown];
  output.off('close', end);
  return code ?? 1;
}

/** Git may end before it has read all; the connection lives on, for what it has to say. */
function feed(stdin: Writable, input: Readable, end: () => void): void {
  stdin.on('error', () => undefined);
  stdin.once('close', () => input.resume());
  input.once('error', end);
  input.pipe(stdin);
}

/** When refs have moved the deployment is recorded, and the hook prints what the pusher should know. */
function answerHook(
  deps: GitDeps,
  { application, user, since }: Exchange & { since: number },
  child: HookedGit,
) {
  const { hookAsks, hookIsTold } = child;
  let recorded = false;
  const record = async (): Promise<string[]> => {
    const lines = await endPush(deps, application, { user, since });
    recorded = true;
    return lines;
  };
  for (const pipe of [hookAsks, hookIsTold]) pipe.on('error', () => undefined);
  let said = '';
  hookAsks.on('data', (part: Buffer) => {
    said += part.toString('latin1');
    if (!said.endsWith('moved\n')) return;
    void record()
      .catch(() => ['The push is stored; the platform deploys it as soon as it can.'])
      .then((lines) => hookIsTold.end(lines.map((line) => `${line}\n`).join('')));
  });
  return {
    /** Also where the client went or the hook failed, what moved is recorded, now or by another look. */
    async end(): Promise<void> {
      hookAsks.destroy();
      hookIsTold.destroy();
      if (!recorded) await record().catch(() => void lookAgain(deps, application));
    },
  };
}

const LONGEST_PAUSE = MINUTE;

/**
 * Asks for a look at what moved, until that can be written: a full disk may keep it from being so. Whoever
 * starts after us looks at every repository anyway.
 */
async function lookAgain({ database, clock }: GitDeps, { id }: Application): Promise<void> {
  for (let pause = SECOND; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
    const asked = database.transaction((tx) => request(tx, 'repository', id, clock()));
    if (await asked.then(isDone, isNot)) return;
    await wait(pause, undefined, { ref: false });
  }
}

const isDone = (): boolean => true;
const isNot = (): boolean => false;
