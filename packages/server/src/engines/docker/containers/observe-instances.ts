import type { InstanceId, WorkloadId } from '../../../lib/ids.ts';
import type { Observation } from '../../../workloads/engine.ts';
import { inspectContainer, listContainers } from './containers.ts';
import type { Listed } from './containers.ts';
import type { ContainerSupervisor } from './container-supervisor.ts';
import { LABEL } from '../names.ts';
import { toObservation } from './observation.ts';
import type { Kept } from '../instance-record.ts';
import type { DockerDeps } from '../docker-deps.ts';

/** How an instance stands, or undefined where nothing is known of it, or not yet. */
export async function observe(
  deps: DockerDeps,
  supervisor: ContainerSupervisor,
  id: InstanceId,
  signal: AbortSignal,
): Promise<Observation | undefined> {
  const kept = await deps.records.read(id);
  return kept && see(deps, supervisor, kept, signal);
}

/** One whose container is over is concluded first: its end is not seen before its log is whole. */
async function see(
  deps: DockerDeps,
  supervisor: ContainerSupervisor,
  kept: Kept,
  signal: AbortSignal,
): Promise<Observation | undefined> {
  const { containerId, instanceId } = kept.record;
  const now = deps.clock();
  if (kept.exit !== undefined || containerId === undefined)
    return toObservation(kept, undefined, now);
  const found = await inspectContainer(deps.client, containerId, signal);
  const runs = found !== undefined && ['running', 'created', 'paused'].includes(found.State.Status);
  if (runs) return toObservation(kept, found, now);
  await supervisor.conclude(instanceId);
  const concluded = await deps.records.read(instanceId);
  return concluded && toObservation(concluded, undefined, now);
}

/** Those on record, and containers of ours that no record knows. */
export async function list(
  deps: DockerDeps,
  supervisor: ContainerSupervisor,
  signal: AbortSignal,
): Promise<Observation[]> {
  const kept = await deps.records.list();
  const known = new Set(kept.map(({ record }) => record.instanceId));
  const containers = await listContainers(deps.client, deps.platform, signal);
  const strangers = containers.filter(
    (one) => one.Labels[LABEL.workload] !== undefined && !known.has(instanceOf(one)),
  );
  const seen = await Promise.all(kept.map((one) => see(deps, supervisor, one, signal)));
  return [
    ...seen.filter((one) => one !== undefined),
    ...strangers.map((one) => strange(one, deps.clock())),
  ];
}

const strange = (container: Listed, now: number): Observation => ({
  instanceId: instanceOf(container),
  workloadId: container.Labels[LABEL.workload] as WorkloadId,
  state: { status: 'running', startedAt: now, heartbeatAt: now, endpoint: undefined },
});

/** What a container of ours is of. */
export const instanceOf = ({ Labels }: Listed): InstanceId => Labels[LABEL.instance] as InstanceId;

/** The containers of a workload, also those that no record knows. */
export const containersOf = async (
  deps: DockerDeps,
  id: WorkloadId,
  signal: AbortSignal,
): Promise<Listed[]> =>
  (await listContainers(deps.client, deps.platform, signal)).filter(
    ({ Labels }) => Labels[LABEL.workload] === id,
  );
