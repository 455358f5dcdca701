import { setTimeout as wait } from 'node:timers/promises';
import { DockerError } from './client.ts';

/** Pauses before another try, in milliseconds. */
const PAUSES = [200, 1000, 3000];

/** What no second try changes: the program cannot be run, the disk is full, or nothing gives GPUs to containers. */
const LASTING =
  /OCI runtime|runc|exec|no such file|not found|no space left|device driver|CDI device/i;

/** Whether another has the address that was asked for; the engine may only be about to take it back. */
export const isAddressTaken = (error: unknown): boolean =>
  error instanceof DockerError && /address already in use/i.test(error.message);

/** Whether the engine failed at something of its own, such as a firewall that others change in the same moment. */
export const isTransient = (error: unknown): boolean =>
  isAddressTaken(error) ||
  (error instanceof DockerError && error.status >= 500 && !LASTING.test(error.message));

/** Tries again what failed for a moment only; the work may be repeated. */
export async function retryTransient<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      await wait(pause, undefined, { signal });
    }
  }
  return work();
}
