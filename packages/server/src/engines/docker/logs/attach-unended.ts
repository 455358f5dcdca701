import type { Readable } from 'node:stream';
import { SECOND } from '../../../lib/duration.ts';
import { showUnended } from '../../../logs/show-unended.ts';
import { demultiplex } from '../containers/demultiplex.ts';
import type { DockerDeps } from '../docker-deps.ts';
import type { InstanceRecord } from '../instance-record.ts';

/** Who does not hear by then starts unheard. */
const ATTACHED_WITHIN = 5 * SECOND;

/**
 * Shows what containers say of lines that have not ended, which the engine keeps from their logs until they have;
 * without it all is in the log all the same.
 */
export function attachUnended({ client, clock, closing, log }: DockerDeps) {
  const attached = new Map<string, AbortController>();
  const detach = (containerId: string): void => {
    attached.get(containerId)?.abort();
    attached.delete(containerId);
  };
  return {
    /** Resolves when the container is heard: what it said before that is not. */
    async attach(record: InstanceRecord, containerId: string): Promise<void> {
      if (attached.has(containerId)) return;
      const leaving = new AbortController();
      attached.set(containerId, leaving);
      const late = setTimeout(() => leaving.abort(), ATTACHED_WITHIN);
      const query = { stream: true, stdout: true, stderr: true };
      const call = { method: 'POST', path: `/containers/${containerId}/attach`, query } as const;
      try {
        const signal = AbortSignal.any([closing, leaving.signal]);
        const answer = await client.open(call, signal);
        listen(answer, { record, clock, signal }).catch(() => undefined); // it went away, or we do
      } catch (error) {
        if (!closing.aborted) log.warn({ err: error }, 'lines without an end are not shown');
      } finally {
        clearTimeout(late);
      }
    },
    detach,
  };
}

type Listening = Pick<DockerDeps, 'clock'> & { record: InstanceRecord; signal: AbortSignal };

async function listen(answer: Readable, { record, clock, signal }: Listening): Promise<void> {
  const { directory, masked } = record.log;
  const unended = showUnended(directory, masked);
  try {
    for await (const { stream, bytes } of demultiplex(answer))
      unended.write(stream === 'stdout' ? 1 : 2, clock(), bytes);
    if (!signal.aborted) unended.close();
  } finally {
    unended.leave();
  }
}
