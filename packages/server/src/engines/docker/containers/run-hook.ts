import { waitForContainer } from './containers.ts';
import type { InstanceLogs } from '../logs/instance-logs.ts';
import type { InstanceRecord } from '../instance-record.ts';
import { startHeard } from './start-heard.ts';
import type { DockerDeps } from '../docker-deps.ts';

/** Runs a hook's container to its end, and hears it in the instance's log; answers with its exit code. */
export async function runHook(
  deps: DockerDeps,
  logs: InstanceLogs,
  { record, id, signal }: { record: InstanceRecord; id: string; signal: AbortSignal },
): Promise<number> {
  const { client } = deps;
  await startHeard(deps, logs, { record, id, signal });
  const [code] = await Promise.all([waitForContainer(client, id, signal), logs.mirror(record, id)]);
  return code;
}
