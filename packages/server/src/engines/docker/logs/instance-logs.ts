import { openSegmentWriter } from '../../../logs/segment-writer.ts';
import type { SegmentWriter } from '../../../logs/segment-writer.ts';
import { showUnended } from '../../../logs/show-unended.ts';
import type { UnendedLines } from '../../../logs/show-unended.ts';
import { attachUnended } from './attach-unended.ts';
import { finishLog, mirrorLogs } from './mirror-logs.ts';
import type { InstanceRecord } from '../instance-record.ts';
import { createSingleFlight } from '../single-flight.ts';
import type { DockerDeps } from '../docker-deps.ts';

/** The logs of instances: what their containers say, one after the other, and the platform's last lines. */
export function createInstanceLogs(deps: DockerDeps) {
  const { client, clock, records, closing } = deps;
  const once = createSingleFlight<string, void>();
  const unended = attachUnended(deps);
  const placeOf = ({ instanceId, log: { directory, budgetMiB } }: InstanceRecord) => ({
    directory,
    budgetMiB,
    positionFile: records.positionFile(instanceId),
  });
  return {
    /** Hears the container's lines that have not ended, best before it starts. */
    attach: unended.attach,
    detach: unended.detach,
    /** Resolves when all that the container said is there, which it is when it is over. */
    mirror(record: InstanceRecord, containerId: string): Promise<void> {
      const log = { ...placeOf(record), containerId, masked: record.log.masked };
      return once.run(containerId, () =>
        mirrorLogs(client, log, closing).finally(() => unended.detach(containerId)),
      );
    },
    /** For what is no container's: written from the beginning. */
    write({ log: { directory, budgetMiB, masked } }: InstanceRecord): SegmentWriter {
      const writer = openSegmentWriter(directory, { budgetBytes: budgetMiB * 2 ** 20, masked });
      return alsoShown(writer, showUnended(directory, masked));
    },
    /** Adds the last lines. Nothing is written after it. */
    close(record: InstanceRecord, lines: readonly string[]): void {
      finishLog(placeOf(record), { lines, at: clock() });
    },
  };
}

/** What is written is shown, too, before its lines have ended. */
const alsoShown = (writer: SegmentWriter, unended: UnendedLines): SegmentWriter => ({
  ...writer,
  write(stream, at, bytes) {
    unended.write(stream, at, bytes);
    writer.write(stream, at, bytes);
  },
  leave() {
    unended.close();
    writer.leave();
  },
  close() {
    unended.close();
    writer.close();
  },
});

export type InstanceLogs = ReturnType<typeof createInstanceLogs>;
