import { setTimeout as pause } from 'node:timers/promises';
import { steadyClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from '../store/database.ts';
import type { Stand, LogSubject } from './log-subject.ts';

/** Between two rounds of looks, in ms, and as a multiple of what a round takes: however many commits there are. */
const PAUSE = 20;
const PAUSES_PER_ROUND = 20;

type Look = {
  /** How the subject stands, no earlier than now. Nothing is read where nothing was committed since the last look. */
  now(): Promise<Stand>;
  leave(): void;
};

export type SharedLooks = {
  /** `changed` is called whenever a look after a commit finds the subject changed. */
  join(subject: LogSubject, changed: () => void): Look;
};

type Shared = {
  subject: LogSubject;
  members: Set<() => void>;
  /** What the last look found, and how many commits there were when it began. */
  seen?: { stand: Stand; commits: number };
  looking?: { stand: Promise<Stand>; commits: number };
  /** A look that begins when that is over: for those who came after it had begun. */
  next?: Promise<Stand>;
};

/** One look at a subject for all who follow it, woken by commits. */
export function shareLooks(
  { afterCommit }: Pick<Database, 'afterCommit'>,
  log: Pick<Log, 'warn'>,
): SharedLooks {
  const subjects = new Map<string, Shared>();
  let commits = 0;
  let busy = false;
  let unsubscribe = (): void => undefined;

  const lookAtAll = async (): Promise<void> => {
    for (const shared of subjects.values())
      await lookNow(shared, () => commits).catch((error: unknown) =>
        log.warn({ err: error, subject: shared.subject.key }, 'what is followed could not be read'),
      );
  };
  const goOn = async (): Promise<void> => {
    for (let seen = -1; seen !== commits && subjects.size > 0;) {
      seen = commits;
      const began = steadyClock();
      await lookAtAll();
      const took = steadyClock() - began;
      await pause(Math.max(PAUSE, took * PAUSES_PER_ROUND), undefined, { ref: false });
    }
    busy = false;
  };
  const wake = (): void => {
    commits += 1;
    if (busy) return;
    busy = true;
    void goOn();
  };
  return {
    join(subject, changed) {
      if (subjects.size === 0) unsubscribe = afterCommit(wake);
      const shared = subjects.get(subject.key) ?? { subject, members: new Set() };
      subjects.set(subject.key, shared);
      shared.members.add(changed);
      return {
        now: () => lookNow(shared, () => commits),
        leave() {
          shared.members.delete(changed);
          if (shared.members.size > 0 || !subjects.delete(subject.key)) return;
          if (subjects.size === 0) unsubscribe();
        },
      };
    },
  };
}

/** One look at a time: whoever comes during one that began before the last commit shares the next. */
function lookNow(shared: Shared, commits: () => number): Promise<Stand> {
  const { seen, looking } = shared;
  if (looking?.commits === commits()) return looking.stand;
  if (looking !== undefined)
    return (shared.next ??= looking.stand.then(ignore, ignore).then(() => {
      delete shared.next;
      return look(shared, commits());
    }));
  return seen?.commits === commits() ? Promise.resolve(seen.stand) : look(shared, commits());
}

const ignore = (): void => undefined;

function look(shared: Shared, commits: number): Promise<Stand> {
  const stand = find(shared, commits).finally(() => delete shared.looking);
  shared.looking = { stand, commits };
  return stand;
}

async function find(shared: Shared, commits: number): Promise<Stand> {
  const stand = await shared.subject.look();
  const isNew = shared.seen !== undefined && shared.seen.stand !== stand;
  shared.seen = { stand, commits };
  if (isNew) for (const changed of shared.members) changed();
  return stand;
}
