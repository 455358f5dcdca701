import type { Clock } from '../lib/clock.ts';
import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from '../store/database.ts';
import type { Source } from './log.ts';
import type { LogReader } from './read-log.ts';
import { shareLooks } from './share-looks.ts';
import type { SharedLooks } from './share-looks.ts';
import { LAST_LINES_WITHIN } from './log-subject.ts';
import type { LogSubject, Stand } from './log-subject.ts';

/** Somebody who follows a log, as those see it who wait until they have read all. */
export type Follower = {
  /** Those of the subject as they are now. */
  sources(): Promise<readonly Source[]>;
  /** Aborts when the subject is settled and all that it wrote was handed over. */
  settled: AbortSignal;
  /** As what it settled, once it has. */
  status(): string | undefined;
  /** Called when there may be more sources, or somebody waits: the next look should come at once. */
  onWanted(look: () => void): void;
  lookBegins(): void;
  /** Some of what these readers found was handed over, and there is more. */
  goesOn(readers: readonly LogReader[]): void;
  /** Everything that these readers found was handed over. */
  lookEnds(readers: readonly LogReader[]): void;
  leave(): void;
};

export type Followers = {
  join(subject: LogSubject): Follower;
  /** Resolves once every follower has what there is by now of the deployment, or when aborted. */
  haveRead(wanted: Wanted, signal: AbortSignal): Promise<void>;
};

type Wanted = {
  applicationId: ApplicationId;
  deploymentId: DeploymentId;
  /** Also what its instances still write until their logs are complete. */
  toTheEnd: boolean;
};

type Waiter = { afterLook: number; wanted: Wanted; done: () => void };
type State = { looks: number; look: () => void; waiters: Set<Waiter> };

type Deps = { database: Pick<Database, 'afterCommit'>; clock: Clock; log: Pick<Log, 'warn'> };

/** Who follows which log just now: the end of a deployment is shown to nobody before its last lines. */
export function createFollowers({ database, clock, log }: Deps): Followers {
  const byApplication = new Map<ApplicationId, Set<State>>();
  const looks = shareLooks(database, log);
  return {
    join(subject) {
      const { applicationId } = subject;
      const state: State = { looks: 0, look: () => undefined, waiters: new Set() };
      const all = byApplication.get(applicationId) ?? new Set();
      byApplication.set(applicationId, all.add(state));
      const leave = (): void => {
        all.delete(state);
        if (all.size === 0) byApplication.delete(applicationId);
      };
      return followerOf(state, { ending: awaitEnd({ looks, clock }, subject, state), leave });
    },
    async haveRead(wanted, signal) {
      const all = [...(byApplication.get(wanted.applicationId) ?? [])];
      await Promise.all(all.map((state) => hasRead(state, wanted, signal)));
    },
  };
}

const followerOf = (
  state: State,
  { ending, leave }: { ending: Ending; leave: () => void },
): Follower => ({
  sources: ending.sources,
  settled: ending.settled,
  status: ending.status,
  onWanted: (look) => (state.look = look),
  lookBegins: () => (state.looks += 1),
  goesOn: ending.lookEnds,
  lookEnds(readers) {
    for (const { afterLook, wanted, done } of state.waiters)
      if (state.looks > afterLook && isRead(readers, wanted)) done();
    ending.lookEnds(readers);
  },
  leave() {
    leave();
    ending.leave();
    for (const { done } of state.waiters) done();
  },
});

type Ending = Pick<Follower, 'sources' | 'settled' | 'status' | 'lookEnds' | 'leave'>;

/** Looks at the subject until it is settled, and its sources are complete or their time for that is over. */
function awaitEnd(
  { looks, clock }: { looks: SharedLooks; clock: Clock },
  subject: LogSubject,
  state: State,
): Ending {
  const settling = new AbortController();
  const look = looks.join(subject, () => state.look());
  let stand: Stand = { sources: [] };
  let timer: NodeJS.Timeout | undefined;
  return {
    settled: settling.signal,
    status: () => stand.settled?.status,
    async sources() {
      stand = await look.now();
      return stand.sources;
    },
    lookEnds(readers) {
      const { settled } = stand;
      if (settled === undefined) return;
      // however the clock was set since
      const left = Math.min(LAST_LINES_WITHIN, settled.at + LAST_LINES_WITHIN - clock());
      if (!settled.toTheEnd || left <= 0 || readers.every(isComplete)) settling.abort();
      else timer ??= setTimeout(() => settling.abort(), left).unref();
    },
    leave() {
      clearTimeout(timer);
      look.leave();
    },
  };
}

/** A look that had begun before may have missed the last lines: only a later one counts. */
const hasRead = (state: State, wanted: Wanted, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      state.waiters.delete(waiter);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const waiter: Waiter = { afterLook: state.looks, wanted, done };
    state.waiters.add(waiter);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
    state.look();
  });

const isRead = (readers: readonly LogReader[], { deploymentId, toTheEnd }: Wanted): boolean =>
  !toTheEnd ||
  readers.every((reader) => reader.source.deploymentId !== deploymentId || isComplete(reader));

/** What the platform says of a subject is there when the subject is settled. */
const isComplete = ({ source, ended }: LogReader): boolean =>
  source.instanceId === undefined || ended();
