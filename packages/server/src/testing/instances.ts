import { newId } from '../lib/ids.ts';
import type { ApplicationId, DeploymentId, InstanceId, OwnerId } from '../lib/ids.ts';
import type { Database } from '../store/database.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { noteExited, noteStarted } from '../workloads/change-instance.ts';
import { insertInstances } from '../workloads/instance-store.ts';
import { findWorkload } from '../workloads/workload-store.ts';
import { makeDeployment } from './rows.ts';

type Order = {
  ownerId: OwnerId;
  applicationId: ApplicationId;
  /** Without it one of its own. */
  deploymentId?: DeploymentId;
  number?: number;
  startedAt?: number;
  /** When it ended; it still runs without it. */
  endedAt?: number;
};

/** An instance that was started, in a workload of its own. */
export async function makeInstance(
  database: Database,
  { ownerId, applicationId, number = 0, startedAt = 1, endedAt, ...given }: Order,
): Promise<InstanceId> {
  const id = newId('instance');
  const owned = { ownerId, applicationId };
  const deploymentId =
    given.deploymentId ??
    (await makeDeployment(database, { ...owned, status: 'completed', at: startedAt }));
  await database.transaction(async (tx) => {
    const size = { flavor: 'XS', nodes: 1, graceSeconds: 1, estimate: null, at: startedAt };
    const subject = { subjectKind: 'deployment', subjectId: deploymentId } as const;
    const order = { ...owned, ...size, ...subject, engine: 'process' } as const;
    const workload = await findWorkload(tx, await createWorkload(tx, { flavorDevices: [] }, order));
    if (workload === undefined) throw new Error('there is no workload');
    const named = { id, number, attempt: 1, name: 'Quiet heron', startAfter: null, at: startedAt };
    await insertInstances(tx, workload, [named]);
    const seen = { heartbeatAt: startedAt, startedAt, endpoint: undefined };
    await noteStarted(tx, id, { status: 'running', ...seen });
    if (endedAt === undefined) return;
    const how = { exitCode: 0, signal: undefined, reason: 'exited', step: '' } as const;
    await noteExited(tx, id, { ...how, at: endedAt, detail: undefined });
  });
  return id;
}
