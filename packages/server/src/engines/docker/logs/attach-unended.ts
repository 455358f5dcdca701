import type { Readable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { MINUTE, SECOND } from '../../../lib/duration.ts';
import { showUnended } from '../../../logs/show-unended.ts';
import { demultiplex } from '../containers/demultiplex.ts';
import type { DockerDeps } from '../docker-deps.ts';
import type { InstanceRecord } from '../instance-record.ts';

/** Who does not hear by then starts unheard. */
const ATTACHED_WITHIN = 5 * SECOND;

/** So many frames are taken in a row; a container that writes byte by byte makes one of each. */
const FRAMES_A_TURN = 500;

/**
 * The engine holds a container up as soon as somebody who is attached has left about 1 MiB unread: whoever says more
 * than this at once is not held to us, and is heard again later.
 */
const usualHearing = { bytes: 2 ** 20, within: MINUTE };

type Needs = Pick<DockerDeps, 'client' | 'clock' | 'closing' | 'log'>;

/**
 * Shows what containers say of lines that have not ended, which the engine keeps from their logs until they have;
 * without it all is in the log all the same.
 */
export function attachUnended({ client, clock, closing, log }: Needs, hearing = usualHearing) {
  const attached = new Map<string, AbortController>();
  const detach = (containerId: string): void => {
    attached.get(containerId)?.abort();
    attached.delete(containerId);
  };
  return {
    /** Resolves when the container is heard: what it said before that is not. */
    async attach(record: Heard, containerId: string): Promise<void> {
      if (attached.has(containerId)) return;
      const leaving = new AbortController();
      attached.set(containerId, leaving);
      const forget = (): void => {
        if (attached.get(containerId) === leaving) attached.delete(containerId);
      };
      const late = setTimeout(() => leaving.abort(), ATTACHED_WITHIN);
      const query = { stream: true, stdout: true, stderr: true };
      const call = { method: 'POST', path: `/containers/${containerId}/attach`, query } as const;
      const signal = AbortSignal.any([closing, leaving.signal]);
      const open = (): Promise<Readable> => client.open(call, signal);
      try {
        const answer = await open();
        // it went away, or we do
        hear(answer, { record, clock, closing, hearing, signal, open })
          .catch(() => undefined)
          .finally(forget);
      } catch (error) {
        forget();
        if (!closing.aborted) log.warn({ err: error }, 'lines without an end are not shown');
      } finally {
        clearTimeout(late);
      }
    },
    detach,
  };
}

type Heard = Pick<InstanceRecord, 'log'>;

type Hearing = Pick<DockerDeps, 'clock' | 'closing'> & {
  record: Heard;
  hearing: typeof usualHearing;
  signal: AbortSignal;
  open(): Promise<Readable>;
};

/** Until the container is over, with a pause wherever it says too much. */
async function hear(first: Readable, { open, signal, ...listening }: Hearing): Promise<void> {
  for (let answer = first; ; answer = await open()) {
    const pause = await listen(answer, listening);
    if (pause === undefined) return;
    await wait(pause, undefined, { signal, ref: false });
  }
}

/** How long nobody is to listen, or undefined where there is nothing more. */
async function listen(
  answer: Readable,
  { record, clock, closing, hearing }: Omit<Hearing, 'open' | 'signal'>,
): Promise<number | undefined> {
  const { directory, masked } = record.log;
  const unended = showUnended(directory, masked);
  let [since, heard, frames] = [clock(), 0, 0];
  try {
    for await (const { stream, bytes } of demultiplex(answer)) {
      const at = clock();
      unended.write(stream === 'stdout' ? 1 : 2, at, bytes);
      if (at - since >= hearing.within) [since, heard] = [at, 0];
      heard += bytes.length;
      if (heard > hearing.bytes) break;
      frames += 1;
      if (frames % FRAMES_A_TURN === 0) await nextTurn();
    }
  } finally {
    // what a platform that ends has shown stays, for the next to go on
    if (closing.aborted) unended.leave();
    else unended.close();
  }
  return heard > hearing.bytes ? Math.max(0, since + hearing.within - clock()) : undefined;
}
