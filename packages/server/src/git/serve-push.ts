import { setTimeout as wait } from 'node:timers/promises';
import type { Application } from '../applications/application.ts';
import type { User } from '../accounts/user.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { Refusal } from '../lib/refusal.ts';
import { askForLook } from '../reconcile/looks.ts';
import { beginPush, endPush } from './accept-push.ts';
import type { GitDeps } from './accept-push.ts';
import { clearQuarantines } from './clear-quarantines.ts';
import { requireBytes, notePush } from './git-limits.ts';
import { LARGEST_PUSH, placeOf } from './repository.ts';
import { spawnHookedGit } from './run-git.ts';
import type { GitProcess, HookedGit, Order } from './run-git.ts';
import { tolerateFlaws } from './tolerate-flaws.ts';

type Push = { application: Application; user: User; order: Order };

/** Runs git's side of a push: what comes is bounded by what the repository may still take, and recorded. */
export async function servePush(
  deps: GitDeps,
  { application, user, order }: Push,
  talk: (child: GitProcess) => Promise<number>,
): Promise<number> {
  const room = await requireBytes(deps, application);
  const since = await beginPush(deps, application, user);
  const place = placeOf(deps.paths, application.id);
  const bound = room < LARGEST_PUSH ? ['-c', `receive.maxInputSize=${Math.ceil(room)}`] : [];
  const settings = [...tolerateFlaws, ...bound];
  const over = notePush(deps.gitLimits, application.id);
  try {
    const child = await spawnHookedGit(place, { ...order, args: [...settings, ...order.args] });
    const hook = answerHooks(deps, { application, user, since }, child);
    try {
      return await talk(child);
    } finally {
      await hook.end();
    }
  } finally {
    over();
    await clearQuarantines(deps, application);
  }
}

const GONE_ON = 'The push is stored; the platform deploys it as soon as it can.';

/** Says whether refs may move; when they have, the deployment is recorded, and the pusher told of it. */
function answerHooks(
  deps: GitDeps,
  { application, user, since }: { application: Application; user: User; since: number },
  { hookAsks, hookIsTold }: HookedGit,
) {
  let recorded = false;
  const record = async (): Promise<string[]> => {
    const lines = await endPush(deps, application, { user, since });
    recorded = true;
    return lines;
  };
  const answers: Record<string, () => Promise<void>> = {
    moving: async () => void hookIsTold.write(`${await decide(deps, application)}\n`),
    moved: async () => {
      const lines = await record().catch(() => [GONE_ON]);
      hookIsTold.end(lines.map((line) => `${line}\n`).join(''));
    },
  };
  let said = '';
  hookAsks.on('data', (part: Buffer) => {
    said = `${said}${part.toString('latin1')}`.slice(-LONGEST_WORD);
    if (!said.endsWith('\n')) return;
    void answers[said.trim()]?.();
    said = '';
  });
  return {
    /** Also where the client went or the hook failed, what moved is recorded, now or by another look. */
    end: async (): Promise<void> => {
      hookAsks.destroy();
      hookIsTold.destroy();
      if (!recorded) await record().catch(() => void lookAgain(deps, application));
    },
  };
}

/** Of what hooks say, with its end of a line. */
const LONGEST_WORD = 7;

/** What the hook is told before refs move: `go`, or why not. */
const decide = (deps: GitDeps, application: Application): Promise<string> =>
  requireBytes(deps, application).then(
    () => 'go',
    (error: unknown) =>
      error instanceof Refusal ? error.message : 'The platform failed: push again.',
  );

const LONGEST_PAUSE = MINUTE;

/**
 * Asks for a look at what moved, until that can be written: a full disk may keep it from being so. Whoever
 * starts after us looks at every repository anyway.
 */
async function lookAgain({ database, clock }: GitDeps, { id }: Application): Promise<void> {
  for (let pause = SECOND; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
    const asked = database.transaction((tx) => askForLook(tx, 'repository', id, clock()));
    if (await asked.then(isDone, isNot)) return;
    await wait(pause, undefined, { ref: false });
  }
}

const isDone = (): boolean => true;
const isNot = (): boolean => false;
