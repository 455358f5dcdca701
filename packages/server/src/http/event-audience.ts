import type { Right } from '@grid/api';
import { followEvents } from '../events/follow-events.ts';
import type { AnyEvent } from '../events/event.ts';
import type { UserId } from '../lib/ids.ts';
import { whoMay } from '../organizations/who-may.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from '../store/database.ts';
import { presentEvent } from './present/event.ts';

/** Somebody who hears what happens to the owners that they are a member of. */
type Listener = {
  userId: UserId;
  tell(message: string): void;
  /** Something may have been missed, or will be: nothing more is told. */
  fail(): void;
};

export type Audience = {
  /** What is committed once this resolves is told, until the answer is called. */
  join(listener: Listener): Promise<() => void>;
};

type Deps = {
  database: Database;
  log: Log;
  /** What a listener may do with the owners whose events they are told. */
  right: Right;
};
type Listeners = Set<Listener>;
type Reading = { begun: Promise<void>; stop(): void };

/** Everybody who listens, told by one reader, which there is while somebody does. */
export function createAudience(deps: Deps): Audience {
  const listeners: Listeners = new Set();
  let reading: Reading | undefined;
  const leave = (listener: Listener): void => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    reading?.stop();
    reading = undefined;
  };
  return {
    async join(listener) {
      listeners.add(listener);
      reading ??= startReading(deps, listeners, () => {
        for (const one of listeners) {
          one.fail();
          leave(one);
        }
      });
      await reading.begun;
      return () => leave(listener);
    },
  };
}

function startReading(
  { database, right, log }: Deps,
  listeners: Listeners,
  fail: () => void,
): Reading {
  const ending = new AbortController();
  const { signal } = ending;
  const batches = followEvents(database, signal);
  const tellAll = async (): Promise<void> => {
    for await (const events of await batches)
      await tell({ database, right, listeners, signal }, events);
  };
  tellAll().catch((error: unknown) => {
    if (signal.aborted) return;
    log.error({ err: error }, 'events could not be read');
    fail();
  });
  return { begun: batches.then(() => undefined), stop: () => ending.abort() };
}

/** Tells events to those who are members now, whoever was when they began to listen. */
async function tell(
  { database, right, listeners, signal }: Omit<Deps, 'log'> & Telling,
  events: readonly AnyEvent[],
): Promise<void> {
  const told = events.flatMap((event) => {
    const { ownerId } = event;
    return presentEvent(event).flatMap((message) =>
      ownerId === null ? [] : { ownerId, message: JSON.stringify(message) },
    );
  });
  if (told.length === 0) return;
  const owners = [...new Set(told.map(({ ownerId }) => ownerId))];
  const mayHear = await whoMay(database.read, owners, right);
  if (signal.aborted) return;
  for (const { ownerId, message } of told)
    for (const listener of listeners) if (mayHear(listener.userId, ownerId)) listener.tell(message);
}

type Telling = { listeners: Listeners; signal: AbortSignal };
