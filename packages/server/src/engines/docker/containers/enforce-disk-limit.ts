import { setTimeout as wait } from 'node:timers/promises';
import { inspectContainer } from './containers.ts';
import type { Inspected } from './containers.ts';
import { diskUse } from './disk-use.ts';
import { endInstance } from './end-instance.ts';
import type { InstanceRecord } from '../instance-record.ts';
import type { DockerDeps } from '../docker-deps.ts';

const MIB = 2 ** 20;
const LOOK_EVERY = 1000;
/** Looking takes this part of the time at most. */
const SHARE = 10;

/** What an image declares as a volume is beside the container's own layer; it is looked at where we may. */
const volumesOf = ({ Mounts }: Inspected): string[] =>
  (Mounts ?? []).filter(({ Type }) => Type === 'volume').map(({ Source }) => Source);

/** Ends an instance that has filled its disk; resolves when it is over, or the control plane is. */
export async function enforceDiskLimit(deps: DockerDeps, record: InstanceRecord): Promise<void> {
  const { client, clock, closing } = deps;
  const { containerId, instanceId, diskMiB } = record;
  if (containerId === undefined) return;
  for (;;) {
    const began = clock();
    const found = await inspectContainer(client, containerId, closing, { size: true });
    if (found?.State.Status !== 'running') return;
    const folders = [...record.writable, ...volumesOf(found)];
    const used = (found.SizeRw ?? 0) + (await diskUse(folders, closing));
    if (used > diskMiB * MIB)
      return endInstance(deps, instanceId, {
        reason: 'disk_full',
        detail: `disk_full: it wrote more than its ${diskMiB} MiB of disk, temporary files among it. Keep data in an add-on, or write less.`,
        graceSeconds: 0,
      });
    await wait(Math.max(LOOK_EVERY, (SHARE - 1) * (clock() - began)), undefined, {
      signal: closing,
    });
  }
}
