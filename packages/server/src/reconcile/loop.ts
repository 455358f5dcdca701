import type { Clock } from '../lib/clock.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from '../store/database.ts';
import { ClaimLost, claimDue, nextDue, release, renew } from './queue.ts';
import type { Claim, Kind, Reconciler } from './reconciler.ts';

const LEASE = MINUTE;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = MINUTE;
/** `setTimeout` counts in 31 bits. */
const LONGEST_TIMER = 2 ** 31 - 1;

export type LoopDeps = {
  database: Database;
  clock: Clock;
  log: Log;
  /** Of the leader that runs the loop. */
  epoch: number;
  reconcilers: Partial<Record<Kind, Reconciler>>;
  /** How many things are looked at side by side. */
  concurrency: number;
};

export type Loop = {
  /** Looks at once instead of at the next deadline. */
  wake(): void;
  /** Takes nothing new and waits for the looks under way. */
  stop(): Promise<void>;
};

type Done = { claim: Claim; dueAt: number | undefined; attempts: number };

/**
 * Looks at whatever comes due: at once after a commit, else at the next deadline; no polling. One
 * thing is never looked at twice at the same time, different things are.
 */
export function startReconcileLoop(deps: LoopDeps): Loop {
  const { database, clock, log } = deps;
  const kinds = Object.keys(deps.reconcilers) as Kind[];
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let finished: Done[] = [];
  let timer: NodeJS.Timeout | undefined;
  let pumping: Promise<void> | undefined;
  let again = false;

  const wake = (): void => {
    again = true;
    pumping ??= pump()
      .catch((error: unknown) => {
        log.error({ err: error }, 'the reconcile loop failed');
        sleepUntil(clock() + SECOND);
      })
      .finally(() => {
        pumping = undefined;
        if (again && !stopping.signal.aborted) setImmediate(wake);
      });
  };

  const sleepUntil = (at: number): void => {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    timer = setTimeout(wake, Math.min(LONGEST_TIMER, Math.max(0, at - clock())));
  };

  /** Releases what is over and takes what is due, until nothing is. */
  async function pump(): Promise<void> {
    while (again) {
      again = false;
      await releaseFinished();
      if (stopping.signal.aborted) return;
      const due = await nextDue(database, kinds);
      const free = deps.concurrency - running.size;
      if (due === undefined || free <= 0) continue;
      if (due > clock()) {
        sleepUntil(due);
        continue;
      }
      const taking = { now: clock(), leaseMs: LEASE, epoch: deps.epoch, kinds, limit: free };
      for (const claim of await claimDue(database, taking)) start(claim);
    }
  }

  async function releaseFinished(): Promise<void> {
    if (finished.length === 0) return;
    const done = finished;
    finished = [];
    await release(database, done, clock());
  }

  function start(claim: Claim): void {
    const look = lookAt(deps, claim, stopping.signal).then((done) => {
      running.delete(look);
      finished.push(done);
      wake();
    });
    running.add(look);
  }

  const unsubscribe = database.afterCommit(wake);
  wake();
  return {
    wake,
    async stop() {
      unsubscribe();
      stopping.abort();
      clearTimeout(timer);
      await Promise.all(running);
      await pumping;
      await releaseFinished();
    },
  };
}

/** One look, with its claim renewed while it takes long; a failure is asked for again after a pause. */
async function lookAt(deps: LoopDeps, claim: Claim, signal: AbortSignal): Promise<Done> {
  const { clock, log } = deps;
  const renewal = setInterval(() => {
    renew(deps.database, claim, clock() + LEASE).catch((error: unknown) =>
      log.warn({ err: error, ...claim }, 'a claim could not be renewed'),
    );
  }, LEASE / 3);
  try {
    const dueAt = await deps.reconcilers[claim.kind]?.(claim, signal);
    return { claim, dueAt, attempts: 0 };
  } catch (error) {
    const { attempts } = claim;
    if (!signal.aborted && !(error instanceof ClaimLost))
      log.error({ err: error, kind: claim.kind, id: claim.id, attempts }, 'a look failed');
    return { claim, dueAt: clock() + pauseAfter(attempts), attempts };
  } finally {
    clearInterval(renewal);
  }
}

/** 100 ms after the first failure, doubling up to a minute. */
export const pauseAfter = (attempts: number): number =>
  Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.max(0, attempts - 1));
