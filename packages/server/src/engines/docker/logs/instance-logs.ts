import { openSegmentWriter } from '../../../logs/segment-writer.ts';
import type { SegmentWriter } from '../../../logs/segment-writer.ts';
import { finishLog, mirrorLogs } from './mirror-logs.ts';
import type { InstanceRecord } from '../instance-record.ts';
import { createSingleFlight } from '../single-flight.ts';
import type { DockerDeps } from '../docker-deps.ts';

/** The logs of instances: what their containers say, one after the other, and the platform's last lines. */
export function createInstanceLogs({ client, clock, records, closing }: DockerDeps) {
  const once = createSingleFlight<string, void>();
  const placeOf = ({ instanceId, log: { directory, budgetMiB } }: InstanceRecord) => ({
    directory,
    budgetMiB,
    positionFile: records.positionFile(instanceId),
  });
  return {
    /** Resolves when all that the container said is there, which it is when it is over. */
    mirror(record: InstanceRecord, containerId: string): Promise<void> {
      const log = { ...placeOf(record), containerId, masked: record.log.masked };
      return once.run(containerId, () => mirrorLogs(client, log, closing));
    },
    /** For what is no container's: written from the beginning. */
    write({ log: { directory, budgetMiB, masked } }: InstanceRecord): SegmentWriter {
      return openSegmentWriter(directory, { budgetBytes: budgetMiB * 2 ** 20, masked });
    },
    /** Adds the last lines. Nothing is written after it. */
    close(record: InstanceRecord, lines: readonly string[]): void {
      finishLog(placeOf(record), { lines, at: clock() });
    },
  };
}

export type InstanceLogs = ReturnType<typeof createInstanceLogs>;
