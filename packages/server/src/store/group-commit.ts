import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';

type Job = {
  /** Resolves when its part is written into the transaction that is open. */
  write(): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
};

/**
 * Writes one after the other what comes in one turn of the event loop, and commits it together: the disk is
 * waited for once.
 * Each hears of its end when that is durable; one that fails takes back its own part alone.
 */
export function groupCommits(writer: DatabaseSync): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: Job[] = [];
  let writing = false;
  const writeAll = async (): Promise<void> => {
    writing = true;
    while (waiting.length > 0) {
      await nextTurn();
      await writeGroup(writer, waiting.splice(0));
    }
    writing = false;
  };
  return <T>(work: () => Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ write: work, resolve, reject });
      if (!writing) void writeAll();
    });
}

/** Never rejects: where nothing can be committed, each of the group hears why. */
async function writeGroup(writer: DatabaseSync, group: readonly Job[]): Promise<void> {
  const written: { job: Job; value: unknown }[] = [];
  try {
    writer.exec('begin immediate');
    for (const job of group) {
      try {
        written.push({ job, value: await job.write() });
      } catch (error) {
        // a full disk ends the whole transaction by itself (sqlite.org/lang_transaction.html)
        if (!writer.isTransaction) throw error;
        job.reject(error);
      }
    }
    writer.exec('commit');
  } catch (error) {
    if (writer.isTransaction) writer.exec('rollback');
    for (const { reject } of group) reject(error);
    return;
  }
  for (const { job, value } of written) job.resolve(value);
}
