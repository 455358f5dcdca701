import { SECOND } from '../../../lib/duration.ts';
import type { InstanceId } from '../../../lib/ids.ts';
import type { InstanceMeasure } from '../../../workloads/engine.ts';
import { isMissing } from '../client.ts';
import { listContainers, unless } from './containers.ts';
import type { Listed } from './containers.ts';
import { containerName } from '../names.ts';
import { instanceOf } from './observe-instances.ts';
import type { DockerDeps } from '../docker-deps.ts';

/** All together. */
const WITHIN = 5 * SECOND;
/** As many questions as the engine is asked side by side. */
const AT_ONCE = 8;

/** What the engine says of a container's use (`GET /containers/{id}/stats`); zeros of one that is over. */
export type Stats = {
  cpu_stats: { cpu_usage: { total_usage: number } };
  memory_stats: {
    usage?: number;
    stats?: { total_inactive_file?: number; inactive_file?: number };
  };
  networks?: Readonly<Record<string, { rx_bytes: number; tx_bytes: number }>> | null;
};

/** Measures the containers of instances that run; what is not answered in time is not told. */
export async function measureContainers(
  deps: DockerDeps,
  signal: AbortSignal,
): Promise<InstanceMeasure[]> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(WITHIN)]);
  const containers = await listContainers(deps.client, deps.platform, late);
  const waiting = containers.filter(isMeasured);
  const found: InstanceMeasure[] = [];
  const work = async (): Promise<void> => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      const stats = await askStats(deps, one, late).catch(() => undefined);
      if (stats !== undefined) found.push(toMeasure(instanceOf(one), stats));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

/** What runs before and after an instance's own container bears its id, too. */
const isMeasured = (one: Listed): boolean =>
  one.State === 'running' && one.Names.includes(`/${containerName(instanceOf(one))}`);

const askStats = (
  { client }: DockerDeps,
  { Id }: Listed,
  signal: AbortSignal,
): Promise<Stats | undefined> => {
  const query = { stream: false, 'one-shot': true };
  return unless(isMissing, client.ask<Stats>({ path: `/containers/${Id}/stats`, query }, signal));
};

/** The memory without the file cache that the kernel takes back first, as `docker stats` shows it. */
export function toMeasure(instanceId: InstanceId, stats: Stats): InstanceMeasure {
  const { usage, stats: parts } = stats.memory_stats;
  const cache = parts?.total_inactive_file ?? parts?.inactive_file ?? 0;
  const networks = stats.networks == null ? undefined : Object.values(stats.networks);
  const sum = (way: 'rx_bytes' | 'tx_bytes'): number | undefined =>
    networks?.reduce((total, network) => total + network[way], 0);
  return {
    instanceId,
    cpuMilliseconds: Math.round(stats.cpu_stats.cpu_usage.total_usage / 1e6),
    memoryBytes: usage && Math.max(0, usage - cache),
    receivedBytes: sum('rx_bytes'),
    sentBytes: sum('tx_bytes'),
  };
}
