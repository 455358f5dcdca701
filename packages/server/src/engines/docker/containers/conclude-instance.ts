import type { InstanceId } from '../../../lib/ids.ts';
import type { Exit } from '../../../workloads/engine.ts';
import { inspectContainer, readFileOf } from './containers.ts';
import type { InstanceLogs } from '../logs/instance-logs.ts';
import { hookName } from '../names.ts';
import { concludeExit, lastWords } from './observation.ts';
import type { InstanceRecord } from '../instance-record.ts';
import { runHook } from './run-hook.ts';
import type { DockerDeps } from '../docker-deps.ts';
import { STEPS_FILE, readSteps } from './run-steps.ts';

const MOST_STEPS = 64 * 1024;

/** Records the end of an instance whose container is over, once all that it said is on disk. */
export async function concludeInstance(
  deps: DockerDeps,
  logs: InstanceLogs,
  id: InstanceId,
): Promise<void> {
  const { client, records, boot, lostAt, clock, closing } = deps;
  const kept = await records.read(id);
  if (kept?.record.containerId === undefined || kept.exit !== undefined) return;
  const { record } = kept;
  const { containerId = '' } = record;
  const found = await inspectContainer(client, containerId, closing);
  if (found !== undefined && found.State.Status !== 'exited' && found.State.Status !== 'dead')
    return;
  if (found !== undefined) await logs.mirror(record, containerId);
  // who ended it may have been told in the same moment
  const ending = (await records.read(id))?.ending;
  const steps = found && record.work === 'programs' ? await stepsOf(deps, containerId) : undefined;
  const end = found && { record, ending, state: found.State, steps, boot, lostAt };
  const exit = end === undefined ? lost(record, clock()) : concludeExit(end);
  if (exit.reason === 'exited') await runHookAfter(deps, logs, { record, exit });
  const words = end && lastWords(end);
  logs.close(record, words === undefined ? [] : [words]);
  await records.exit(id, exit);
  deps.tell(id);
}

/** What is to run after a container that ended by itself; what it answers is only logged. */
async function runHookAfter(
  deps: DockerDeps,
  logs: InstanceLogs,
  { record, exit }: { record: InstanceRecord; exit: Exit },
): Promise<void> {
  const name = hookName(record.instanceId, exit.exitCode === 0 ? 'succeeded' : 'failed');
  const hook = await inspectContainer(deps.client, name, deps.closing);
  if (hook !== undefined) await runHook(deps, logs, { record, id: hook.Id, signal: deps.closing });
}

const stepsOf = async ({ client, closing }: DockerDeps, id: string) =>
  readSteps((await readFileOf(client, { id, path: STEPS_FILE, most: MOST_STEPS }, closing)) ?? '');

const lost = ({ createdAt }: InstanceRecord, now: number): Exit => ({
  at: Math.max(now, createdAt),
  exitCode: undefined,
  signal: undefined,
  reason: 'supervisor_lost',
  step: '',
  detail: 'The instance was lost: somebody removed its container.',
});
