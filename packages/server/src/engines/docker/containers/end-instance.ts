import type { InstanceId } from '../../../lib/ids.ts';
import { containerName, hookName, hooks } from '../names.ts';
import { stopContainer } from './containers.ts';
import type { Ending } from '../instance-record.ts';
import type { DockerDeps } from '../docker-deps.ts';

/** TERM, and KILL after the grace, for this reason; resolves when nothing of it runs. */
export async function endInstance(
  { client, clock, records, closing }: DockerDeps,
  id: InstanceId,
  ending: Omit<Ending, 'at'>,
  signal = closing,
): Promise<void> {
  await records.end(id, { ...ending, at: clock() });
  const { graceSeconds } = ending;
  for (const name of [containerName(id), ...hooks.map((hook) => hookName(id, hook))])
    await stopContainer(client, { id: name, graceSeconds }, signal);
}
