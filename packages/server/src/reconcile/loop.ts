import type { Clock } from '../lib/clock.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from '../store/database.ts';
import { ClaimLost, claimDue, nextDue, release, renew } from './looks.ts';
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
  const state: State = {
    deps,
    kinds: Object.keys(deps.reconcilers) as Kind[],
    stopping: new AbortController(),
    running: new Set(),
    finished: [],
    timer: undefined,
    pumping: undefined,
    again: false,
  };
  const unsubscribe = deps.database.afterCommit(() => wake(state));
  wake(state);
  return {
    wake: () => wake(state),
    async stop() {
      unsubscribe();
      state.stopping.abort();
      clearTimeout(state.timer);
      await Promise.all(state.running);
      await state.pumping;
      await releaseFinished(state);
    },
  };
}

type State = {
  deps: LoopDeps;
  kinds: readonly Kind[];
  stopping: AbortController;
  running: Set<Promise<void>>;
  /** Looks that are over and whose claims are still held. */
  finished: Done[];
  timer: NodeJS.Timeout | undefined;
  pumping: Promise<void> | undefined;
  /** Something may have come due since the pump looked. */
  again: boolean;
};

function wake(state: State): void {
  state.again = true;
  state.pumping ??= pump(state)
    .catch((error: unknown) => {
      state.deps.log.error({ err: error }, 'the reconcile loop failed');
      sleepUntil(state, state.deps.clock() + SECOND);
    })
    .finally(() => {
      state.pumping = undefined;
      if (state.again && !state.stopping.signal.aborted) setImmediate(() => wake(state));
    });
}

function sleepUntil(state: State, at: number): void {
  clearTimeout(state.timer);
  if (state.stopping.signal.aborted) return;
  const pause = Math.min(LONGEST_TIMER, Math.max(0, at - state.deps.clock()));
  state.timer = setTimeout(() => wake(state), pause);
}

/** Releases what is over and takes what is due, until nothing is. */
async function pump(state: State): Promise<void> {
  const { database, clock, epoch, concurrency } = state.deps;
  while (state.again) {
    state.again = false;
    await releaseFinished(state);
    if (state.stopping.signal.aborted) return;
    const due = await nextDue(database, state.kinds);
    const limit = concurrency - state.running.size;
    if (due === undefined || limit <= 0) continue;
    if (due > clock()) {
      sleepUntil(state, due);
      continue;
    }
    const taking = { now: clock(), leaseMs: LEASE, epoch, kinds: state.kinds, limit };
    for (const claim of await claimDue(database, taking)) start(state, claim);
  }
}

async function releaseFinished(state: State): Promise<void> {
  if (state.finished.length === 0) return;
  const done = state.finished;
  state.finished = [];
  await release(state.deps.database, done, state.deps.clock());
}

function start(state: State, claim: Claim): void {
  const look = lookAt(state.deps, claim, state.stopping.signal).then((done) => {
    state.running.delete(look);
    state.finished.push(done);
    wake(state);
  });
  state.running.add(look);
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
