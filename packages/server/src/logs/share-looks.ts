import { setTimeout as pause } from 'node:timers/promises';
import { steadyClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from '../store/database.ts';
import type { Stand, LogSubject } from './log-subject.ts';

/** Between two rounds of looks, in ms, and as a multiple of what a round takes: however many commits there are. */
const PAUSE = 20;
const PAUSES_PER_ROUND = 20;
/** Nobody who follows is told later than that, however long a round takes. */
const LONGEST_PAUSE = 1_000;

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

  /** Whether all could be read. */
  const lookAtAll = async (): Promise<boolean> => {
    let whole = true;
    for (const shared of subjects.values())
      await lookNow(shared, () => commits).catch((error: unknown) => {
        whole = false;
        log.warn({ err: error, subject: shared.subject.key }, 'what is followed could not be read');
      });
    return whole;
  };
  const goOn = async (): Promise<void> => {
    for (let seen = -1; seen !== commits && subjects.size > 0;) {
      const began = steadyClock();
      const present = commits;
      // what could not be read is tried again, though nothing else is committed
      const whole = await lookAtAll();
      seen = whole ? present : -1;
      const rest = Math.max(PAUSE, (steadyClock() - began) * PAUSES_PER_ROUND);
      await pause(whole ? Math.min(LONGEST_PAUSE, rest) : LONGEST_PAUSE, undefined, { ref: false });
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
