import { readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Removes the control groups of an instance whose supervisor is gone, and ends what is left in them: one that
 * was killed could do neither. Rejects where something outstays `atMost` milliseconds.
 */
export async function removeGroups(
  groups: readonly string[],
  atMost: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.timeout(atMost);
  for (const group of groups)
    for (let pause = 5; !(await isRemoved(group)); pause = Math.min(100, pause * 2)) {
      signal.throwIfAborted();
      const pids = await killAll(group);
      if (deadline.aborted && pids.length === 0) break;
      if (deadline.aborted) throw new Error(`processes ${pids.join(', ')} do not end (${group})`);
      await wait(pause);
    }
}

/** False while something is in it; what cannot be removed for another reason is left. */
const isRemoved = (group: string): Promise<boolean> =>
  rmdir(group).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'EBUSY',
  );

async function killAll(group: string): Promise<number[]> {
  const text = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
  const pids = text.split('\n').map(Number).filter(Boolean);
  for (const pid of pids) kill(pid);
  return pids;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
