import { queue } from '@grid/api';
import type { Device } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { findApplication } from '../../applications/find-application.ts';
import { whyWaits } from '../../deployments/why-waits.ts';
import { DAY } from '../../lib/duration.ts';
import { listMemberships } from '../../organizations/list-organizations.ts';
import { declareRepaired, forgetDevice, listDevices, listLeases } from '../../devices/devices.ts';
import type { KnownDevice, Lease } from '../../devices/devices.ts';
import { classOf } from '../../devices/flavor-devices.ts';
import { findDeployments } from '../../runs/find-deployments.ts';
import { listPastRuns } from '../../runs/find-run.ts';
import { showQueue } from '../../workloads/show-queue.ts';
import type { WaitView } from '../../workloads/show-queue.ts';
import type { HttpContext } from '../context.ts';
import { serve } from '../serve.ts';

/** What waits, why, and for which devices. */
export function queueRoutes(app: FastifyInstance, context: HttpContext): void {
  const { database, clock } = context;
  serve(app, context, queue.getQueue, async ({ ownerId }) => {
    const shown = await showQueue(database.read, context, { ownerId, now: clock() });
    return {
      ...shown,
      waiting: await Promise.all(shown.waiting.map((one) => present(context, one))),
    };
  });
  serve(app, context, queue.getWhy, async ({ application, query }) =>
    whyWaits(database.read, context, { application, of: query.of, now: clock() }),
  );
  serve(app, context, queue.listPastRuns, async ({ query }) => ({
    runs: await listPastRuns(database.read, query.since ?? clock() - 30 * DAY),
  }));
  serve(app, context, queue.listDevices, async ({ user }) => {
    const leases = new Map((await listLeases(database.read)).map((one) => [one.deviceUuid, one]));
    const owners = new Set<string>([
      user.id,
      ...(await listMemberships(database.read, user.id)).map(({ id }) => id),
    ]);
    const sees = ({ ownerId }: Lease): boolean => user.operator || owners.has(ownerId);
    const devices = (await listDevices(database.read)).map((device) =>
      presentDevice(context, device, { lease: leases.get(device.uuid), sees }),
    );
    return { devices, silent: context.inventory.silent() ?? null };
  });
  serve(app, context, queue.repairDevice, async ({ params, by }) => {
    await declareRepaired(context, { uuid: params.uuid, by });
  });
  serve(app, context, queue.forgetDevice, async ({ params, by }) => {
    await forgetDevice(context, { uuid: params.uuid, by });
  });
}

/** What a subject is called in the API. */
const KINDS = { build: 'build', deployment: 'webapp', run: 'run' } as const;

async function present({ database }: HttpContext, { workload, ...view }: WaitView) {
  const { applicationId, subjectKind, subjectId, flavor, nodes, createdAt: since } = workload;
  const application = applicationId && (await findApplication(database.read, applicationId));
  const deploymentOf = await findDeployments(database.read, [workload]);
  return {
    kind: KINDS[subjectKind],
    subject: { kind: subjectKind, id: subjectId },
    applicationId,
    applicationName: application ? application.name : applicationId,
    deploymentId: deploymentOf(workload),
    runId: subjectKind === 'run' ? subjectId : null,
    flavor,
    nodes,
    since,
    ...view,
  };
}

function presentDevice(
  { pool }: HttpContext,
  device: KnownDevice,
  { lease, sees }: { lease: Lease | undefined; sees: (lease: Lease) => boolean },
): Device {
  const { uuid, model, memoryMiB, index, host } = device;
  const deviceClass = classOf(device, pool.flavorDevices) ?? null;
  const seen = lease !== undefined && sees(lease);
  const holder =
    lease === undefined || !seen
      ? null
      : { applicationId: lease.applicationId, workloadId: lease.workloadId, node: lease.number };
  return {
    uuid,
    model,
    memoryMiB,
    index,
    host,
    class: deviceClass,
    holder,
    ...hidden(stateOf(device, lease, deviceClass), lease !== undefined && !seen),
  };
}

type State = Pick<Device, 'state' | 'reason' | 'detail' | 'since'>;

/** Of what others have, everybody is told that they have it: not since when, nor how they gave it back. */
const hidden = (state: State, hide: boolean): State =>
  hide && ['leased', 'fencing'].includes(state.state)
    ? { ...state, detail: null, since: null }
    : state;

function stateOf(
  { health, reason, detail, healthSince }: KnownDevice,
  lease: Lease | undefined,
  deviceClass: string | null,
): State {
  if (health !== 'well') return { state: health, reason, detail, since: healthSince };
  if (lease === undefined)
    return {
      state: deviceClass === null ? 'unmapped' : 'free',
      reason: null,
      detail: deviceClass === null ? 'No size means it (GRID_FLAVOR_DEVICES).' : null,
      since: null,
    };
  const fencing = lease.endedAt !== null;
  return {
    state: fencing ? 'fencing' : 'leased',
    reason: fencing ? 'device_fencing' : null,
    detail: fencing ? (lease.detail ?? 'It is being proven free.') : null,
    since: lease.endedAt ?? lease.acquiredAt,
  };
}
