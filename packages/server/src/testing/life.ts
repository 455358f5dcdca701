import { openDatabase } from '../store/database.ts';
import type { Database, Life } from '../store/database.ts';

/** What every call answers of a process that was killed. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** A life that tests end, between any two commits. */
export type FrailLife = Life & {
  /**
   * The process is killed after so many more commits: right after the last, so that nothing that would follow
   * happens, or right before the next, so that all happens but what would be written.
   */
  killAfter(commits: number, when?: 'right after' | 'before the next'): void;
  isOver(): boolean;
  /** The next process's. */
  begin(): void;
};

/** A database whose process can be killed. */
export type FrailDatabase = Database & { life: FrailLife };

export function openFrail(at: Parameters<typeof openDatabase>[0]): FrailDatabase {
  const life = frailLife();
  return { ...openDatabase(at, life), life };
}

function frailLife(): FrailLife {
  let left = Number.POSITIVE_INFINITY;
  let over = false;
  let dies: 'right after' | 'before the next' = 'right after';
  const isOver = (): boolean => over;
  const requireAlive = (): void => {
    if (over) throw new Killed('the process was killed');
  };
  return {
    isOver,
    requireAlive,
    committing() {
      over ||= left <= 0;
      requireAlive();
    },
    committed() {
      left -= 1;
      over ||= left <= 0 && dies === 'right after';
      requireAlive();
    },
    killAfter(commits, when = 'right after') {
      left = commits;
      dies = when;
    },
    begin() {
      over = false;
      left = Number.POSITIVE_INFINITY;
    },
  };
}
