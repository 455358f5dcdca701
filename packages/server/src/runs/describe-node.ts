import type { Command, InstanceFiles, InstanceSpec } from '../workloads/engine.ts';
import type { DataPaths } from '../paths.ts';
import { findAttemptNumber } from './attempt-store.ts';
import { CHECKPOINTS, nodeNames, nodeVariables, startBarrier } from './node-variables.ts';
import type { Run } from './run.ts';
import type { Database } from '../store/database.ts';
import type { Instance, Workload } from '../workloads/workload.ts';

export type NodeDescription = {
  environment: Readonly<Record<string, string>>;
  before: readonly Command[];
  shared: InstanceFiles['shared'];
  spec: Pick<InstanceSpec, 'address' | 'hosts'>;
};

/** What an instance has more where it is a node of a run: its place among the others, and what the run keeps. */
export async function describeNode(
  { database, paths }: { database: Database; paths: DataPaths },
  { run, workload, instance }: { run: Run; workload: Workload; instance: Instance },
): Promise<NodeDescription> {
  const network = workload.addresses ?? undefined;
  const attempt = (await findAttemptNumber(database.read, workload.id)) ?? 1;
  const { number: rank } = instance;
  const { nodes, gpus } = workload;
  return {
    environment: nodeVariables({ runId: run.id, attempt, rank, nodes, gpus, network }),
    before: network === undefined ? [] : [startBarrier()],
    shared: { source: paths.checkpoints(run.applicationId, run.id), mountedAt: CHECKPOINTS },
    spec:
      network === undefined ? {} : { address: network.addresses[rank], hosts: nodeNames(network) },
  };
}
