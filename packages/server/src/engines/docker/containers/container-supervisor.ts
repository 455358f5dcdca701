import type { InstanceId } from '../../../lib/ids.ts';
import { concludeInstance } from './conclude-instance.ts';
import { endInstance } from './end-instance.ts';
import type { Change } from '../follow-engine.ts';
import { endsIt, noteForeignEnd } from './note-foreign-end.ts';
import { enforceDiskLimit } from './enforce-disk-limit.ts';
import { createImages } from '../images/images.ts';
import { createInstanceLogs } from '../logs/instance-logs.ts';
import { createLogChoice } from '../logs/log-driver.ts';
import { createNetworks } from '../networks/owner-networks.ts';
import { memorySentence } from './observation.ts';
import type { InstanceRecord } from '../instance-record.ts';
import { createSingleFlight } from '../single-flight.ts';
import type { DockerDeps } from '../docker-deps.ts';
import type { Parts } from './start-instance.ts';
import { createPendingStarts } from './pending-starts.ts';

/** Looks after instances that run, and after their ends. */
export function createContainerSupervisor(deps: DockerDeps) {
  const logs = createInstanceLogs(deps);
  const images = createImages(deps);
  const networks = createNetworks(deps, images.base);
  const concluding = createSingleFlight<InstanceId, void>();
  const watching = createSingleFlight<InstanceId, void>();
  const failed = (what: string) => (error: unknown) => {
    if (!deps.closing.aborted) deps.log.warn({ err: error }, what);
  };
  const conclude = (id: InstanceId): Promise<void> =>
    concluding.run(id, () => concludeInstance(deps, logs, id));
  const attend = (record: InstanceRecord): void => {
    const { instanceId, containerId } = record;
    if (containerId === undefined) return;
    void logs.attach(record, containerId);
    logs.mirror(record, containerId).catch(failed('a log could not be followed'));
    watching
      .run(instanceId, () => enforceDiskLimit(deps, record))
      .catch(failed('a disk could not be looked at'));
  };
  const chooseLog = createLogChoice(deps.client);
  const parts: Parts = { images, networks, logs, chooseLog, attend };
  const outOfMemory = async (id: InstanceId): Promise<void> => {
    const kept = await deps.records.read(id);
    if (kept === undefined || kept.ending !== undefined) return;
    const detail = memorySentence(kept.record);
    await endInstance(deps, id, { reason: 'memory_limit', detail, graceSeconds: 0 });
  };
  return {
    parts,
    conclude,
    failed,
    starts: createPendingStarts(deps.closing),
    changed(id: InstanceId, change: Change): void {
      const { action } = change;
      if (endsIt(change)) noteForeignEnd(deps, id, change).catch(failed('an end is not explained'));
      if (action === 'oom') outOfMemory(id).catch(failed('an instance could not be ended'));
      if (action === 'die') conclude(id).catch(failed('an end could not be recorded'));
      if (action === 'start') deps.tell(id);
    },
    async back(): Promise<void> {
      networks.forget();
      for (const { record, exit } of await deps.records.list()) {
        if (exit !== undefined) continue;
        await conclude(record.instanceId);
        const kept = await deps.records.read(record.instanceId);
        if (kept?.exit === undefined) attend(record);
        deps.tell(record.instanceId);
      }
    },
  };
}

export type ContainerSupervisor = ReturnType<typeof createContainerSupervisor>;
