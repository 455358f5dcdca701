import type { Life } from '../store/database.ts';

/** What every call answers of a process that was killed. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** A life that tests end, between any two commits. */
export type FrailLife = Life & {
  /** The process is killed right after so many more commits: nothing that would follow happens. */
  killAfter(commits: number): void;
  isOver(): boolean;
  /** The next process's. */
  begin(): void;
};

export function frailLife(): FrailLife {
  let left = Number.POSITIVE_INFINITY;
  const isOver = (): boolean => left <= 0;
  const demand = (): void => {
    if (isOver()) throw new Killed('the process was killed');
  };
  return {
    isOver,
    demand,
    committed() {
      left -= 1;
      demand();
    },
    killAfter(commits) {
      left = commits;
    },
    begin() {
      left = Number.POSITIVE_INFINITY;
    },
  };
}
