import type { DockerDeps } from '../docker-deps.ts';
import type { InstanceRecord } from '../instance-record.ts';
import type { InstanceLogs } from '../logs/instance-logs.ts';
import { startContainer } from './containers.ts';

/** Starts a container that is heard from its first word; nobody listens to one that does not start. */
export async function startHeard(
  { client }: Pick<DockerDeps, 'client'>,
  logs: Pick<InstanceLogs, 'attach' | 'detach'>,
  { record, id, signal }: { record: InstanceRecord; id: string; signal: AbortSignal },
): Promise<void> {
  await logs.attach(record, id);
  try {
    await startContainer(client, id, signal);
  } catch (error) {
    logs.detach(id);
    throw error;
  }
}
