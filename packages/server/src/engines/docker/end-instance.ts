import type { InstanceId } from '../../lib/ids.ts';
import { containerName, hookName } from './names.ts';
import { stopContainer } from './containers.ts';
import type { Ending } from './record.ts';
import type { Site } from './site.ts';

/** TERM, and KILL after the grace, for this reason; resolves when nothing of it runs. */
export async function endInstance(
  { client, clock, records, closing }: Site,
  id: InstanceId,
  ending: Omit<Ending, 'at'>,
  signal = closing,
): Promise<void> {
  await records.end(id, { ...ending, at: clock() });
  const { graceSeconds } = ending;
  for (const name of [hookName(id, 'before'), containerName(id), hookName(id, 'after')])
    await stopContainer(client, { id: name, graceSeconds }, signal);
}
