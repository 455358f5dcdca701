import type { ApplicationId, DeploymentId } from '../lib/ids.ts';
import type { LogReader } from './read-log.ts';

/** Somebody who follows an application's log, as those see it who wait until they have read all. */
export type Follower = {
  /** Called when somebody waits: the next look should come at once. */
  onWanted(look: () => void): void;
  lookBegins(): void;
  /** Everything that these readers found was handed over. */
  lookEnds(readers: readonly LogReader[]): void;
  leave(): void;
};

export type Followers = {
  join(applicationId: ApplicationId): Follower;
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

/** Who follows which log just now: the end of a deployment is shown to nobody before its last lines. */
export function createFollowers(): Followers {
  const byApplication = new Map<ApplicationId, Set<State>>();
  return {
    join(applicationId) {
      const state: State = { looks: 0, look: () => undefined, waiters: new Set() };
      const all = byApplication.get(applicationId) ?? new Set();
      byApplication.set(applicationId, all.add(state));
      return followerOf(state, () => {
        all.delete(state);
        if (all.size === 0) byApplication.delete(applicationId);
      });
    },
    async haveRead(wanted, signal) {
      const all = [...(byApplication.get(wanted.applicationId) ?? [])];
      await Promise.all(all.map((state) => hasRead(state, wanted, signal)));
    },
  };
}

const followerOf = (state: State, leave: () => void): Follower => ({
  onWanted: (look) => (state.look = look),
  lookBegins: () => (state.looks += 1),
  lookEnds(readers) {
    for (const { afterLook, wanted, done } of state.waiters)
      if (state.looks > afterLook && isRead(readers, wanted)) done();
  },
  leave() {
    leave();
    for (const { done } of state.waiters) done();
  },
});

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
  readers.every(
    ({ source, ended }) =>
      source.deploymentId !== deploymentId || source.instanceId === undefined || ended(),
  );
