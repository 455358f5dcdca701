import type { InstanceId } from '../../../lib/ids.ts';
import { concludeInstance } from './conclude-instance.ts';
import { endInstance } from './end-instance.ts';
import type { Change } from '../follow-engine.ts';
import { endsIt, noteForeignEnd } from './note-foreign-end.ts';
import { holdToDisk } from './enforce-disk-limit.ts';
import { createImages } from '../images/images.ts';
import { createInstanceLogs } from '../logs/instance-logs.ts';
import { createLogChoice } from '../logs/log-driver.ts';
import { createNetworks } from '../networks/owner-networks.ts';
import { memorySentence } from './observation.ts';
import type { Record } from '../instance-record.ts';
import { createOnce } from '../docker-deps.ts';
import type { Site } from '../docker-deps.ts';
import type { Parts } from './start-instance.ts';
import { createStarts } from './pending-starts.ts';

/** Looks after instances that run, and after their ends. */
export function createCrew(site: Site) {
  const logs = createInstanceLogs(site);
  const images = createImages(site);
  const networks = createNetworks(site, images.base);
  const concluding = createOnce<InstanceId, void>();
  const watching = createOnce<InstanceId, void>();
  const failed = (what: string) => (error: unknown) => {
    if (!site.closing.aborted) site.log.warn({ err: error }, what);
  };
  const conclude = (id: InstanceId): Promise<void> =>
    concluding.run(id, () => concludeInstance(site, logs, id));
  const attend = (record: Record): void => {
    const { instanceId, containerId } = record;
    if (containerId === undefined) return;
    logs.mirror(record, containerId).catch(failed('a log could not be followed'));
    watching
      .run(instanceId, () => holdToDisk(site, record))
      .catch(failed('a disk could not be looked at'));
  };
  const chooseLog = createLogChoice(site.client);
  const parts: Parts = { images, networks, logs, chooseLog, attend };
  const outOfMemory = async (id: InstanceId): Promise<void> => {
    const kept = await site.records.read(id);
    if (kept === undefined || kept.ending !== undefined) return;
    const detail = memorySentence(kept.record);
    await endInstance(site, id, { reason: 'memory_limit', detail, graceSeconds: 0 });
  };
  return {
    parts,
    conclude,
    failed,
    starts: createStarts(site.closing),
    changed(id: InstanceId, change: Change): void {
      const { action } = change;
      if (endsIt(change)) noteForeignEnd(site, id, change).catch(failed('an end is not explained'));
      if (action === 'oom') outOfMemory(id).catch(failed('an instance could not be ended'));
      if (action === 'die') conclude(id).catch(failed('an end could not be recorded'));
      if (action === 'start') site.tell(id);
    },
    async back(): Promise<void> {
      networks.forget();
      for (const { record, exit } of await site.records.list()) {
        if (exit !== undefined) continue;
        await conclude(record.instanceId);
        const kept = await site.records.read(record.instanceId);
        if (kept?.exit === undefined) attend(record);
        site.tell(record.instanceId);
      }
    },
  };
}

export type Crew = ReturnType<typeof createCrew>;
