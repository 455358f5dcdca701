import { SECOND } from '../../../lib/duration.ts';
import type { InstanceId } from '../../../lib/ids.ts';
import { containerName, hookName, hooks } from '../names.ts';
import { signalContainer, stopContainer } from './containers.ts';
import type { Ending } from '../instance-record.ts';
import type { DockerDeps } from '../docker-deps.ts';
import { HALFWAY } from './run-steps.ts';

/** TERM, and KILL after the grace, for this reason; resolves when nothing of it runs. */
export async function endInstance(
  deps: DockerDeps,
  id: InstanceId,
  ending: Omit<Ending, 'at'>,
  signal = deps.closing,
): Promise<void> {
  const { client, clock, records } = deps;
  await records.end(id, { ...ending, at: clock() });
  const { graceSeconds } = ending;
  const found = await records.read(id);
  const own = containerName(id);
  for (const name of [own, ...hooks.map((hook) => hookName(id, hook))]) {
    const stopping = stopContainer(client, { id: name, graceSeconds }, signal);
    const knowsHalfway = name !== own || found?.record.work === 'programs';
    await (knowsHalfway ? tellHalfway(deps, { name, graceSeconds, stopping }) : stopping);
  }
}

type Stopping = { name: string; graceSeconds: number; stopping: Promise<void> };

/** Tells process 1, where that is ours: an image's would end of it. */
async function tellHalfway(
  { client, closing, log }: DockerDeps,
  { name, graceSeconds, stopping }: Stopping,
): Promise<void> {
  const tell = (): void => {
    signalContainer(client, { id: name, signalName: HALFWAY }, closing).catch((error: unknown) => {
      if (!closing.aborted) log.warn({ err: error }, 'a container is not told of half of its time');
    });
  };
  const timer = setTimeout(tell, (graceSeconds * SECOND) / 2);
  try {
    await stopping;
  } finally {
    clearTimeout(timer);
  }
}
