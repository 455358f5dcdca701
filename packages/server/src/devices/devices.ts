import { PLATFORM } from '../events/actor.ts';
import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { askForLook } from '../reconcile/looks.ts';
import { begin, transition } from '../states/transition.ts';
import type { Database, Reader, Tx } from '../store/database.ts';
import type { NewRow } from '../store/schema.ts';
import type { GrantedDevice } from './device.ts';
import { recordDeviceEvent } from './device-event.ts';
import { deleteDevice, listDevices, selectRepairs, setRepaired } from './device-store.ts';
import { leaseMachine } from './lease.ts';
import type { Lease } from './lease.ts';
import { insertLeases, listLeases, leasesOf } from './lease-store.ts';
import type { WorkloadId } from '../lib/ids.ts';

/** Leases devices to nodes of a workload, all now. Rejects where somebody holds one. */
export async function leaseDevices(
  tx: Tx,
  leases: readonly Omit<NewRow<'leases'>, 'state' | 'acquiredAt'>[],
  at: number,
): Promise<void> {
  if (leases.length === 0) return;
  const state = leaseMachine.begins.acquired;
  await insertLeases(
    tx,
    leases.map((lease) => ({ ...lease, state, acquiredAt: at })),
  );
  const rows = leases.map(({ deviceUuid, workloadId, ownerId, applicationId = null, number }) => ({
    deviceUuid,
    workloadId,
    ownerId,
    applicationId,
    number,
    detail: null,
  }));
  await begin(tx, leaseMachine, rows, { event: 'acquired', at });
}

/** By UUID, when the operator said last that the device is mended. */
export const listRepairs = async (db: Reader): Promise<ReadonlyMap<string, number>> =>
  new Map((await selectRepairs(db)).map(({ uuid, repairedAt }) => [uuid, repairedAt ?? 0]));

/** The devices that a node of the workload holds, as the instance is given them. */
export async function grantedTo(
  db: Reader,
  workloadId: WorkloadId,
  number: number,
): Promise<GrantedDevice[]> {
  const leases = (await leasesOf(db, workloadId)).filter((one) => one.number === number);
  if (leases.length === 0) return [];
  const held = new Set(leases.map(({ deviceUuid }) => deviceUuid));
  return (await listDevices(db))
    .filter(({ uuid }) => held.has(uuid))
    .map(({ uuid, files }) => ({ uuid, files }));
}

type Deps = { database: Database; clock: Clock };

/** What was wrong with the device is mended: it is offered again as soon as it is seen to be well. */
export const declareRepaired = (
  { database, clock }: Deps,
  { uuid, by }: { uuid: string; by: Actor },
): Promise<void> =>
  database.transaction(async (tx) => {
    const at = clock();
    if (!(await setRepaired(tx, uuid, at))) throw noDevice(uuid);
    await askForLook(tx, 'devices', 'inventory', at);
    await recordDeviceEvent(tx, uuid, { kind: 'device.repaired', by, at, data: {} });
  });

/**
 * Forgets a device that is missing; nobody can prove it free any more. Refuses one that is there, or that
 * somebody holds.
 */
export const forgetDevice = (
  { database, clock }: Deps,
  { uuid, by }: { uuid: string; by: Actor },
): Promise<void> =>
  database.transaction(async (tx) => {
    const device = await findDevice(tx, uuid);
    if (device === undefined) throw noDevice(uuid);
    if (device.health !== 'missing')
      throw new Refusal(
        'conflict',
        `${uuid} is there: only a device that is missing is forgotten.`,
      );
    const lease = (await listLeases(tx)).find(({ deviceUuid }) => deviceUuid === uuid);
    if (lease?.endedAt === null)
      throw new Refusal('conflict', `${uuid} is still leased: stop what holds it first.`);
    const at = clock();
    if (lease !== undefined) await releaseDevice(tx, lease, { by, at });
    await deleteDevice(tx, uuid);
    await recordDeviceEvent(tx, uuid, { kind: 'device.forgotten', by, at, data: {} });
  });

const findDevice = async (db: Reader, uuid: string) =>
  (await listDevices(db)).find((device) => device.uuid === uuid);

const noDevice = (uuid: string): Refusal =>
  new Refusal('not_found', `There is no device ${uuid}: "grid devices" lists them.`);

/** The workload is over: its devices are offered again once nobody is seen to use them. */
export async function endLeases(tx: Tx, workloadId: WorkloadId, at: number): Promise<void> {
  await transition(tx, leaseMachine, { workloadId }, { event: 'ended', at });
}

/** The device is proven free, or is gone for good. */
export async function releaseDevice(
  tx: Tx,
  { deviceUuid, workloadId }: Pick<Lease, 'deviceUuid' | 'workloadId'>,
  { by = PLATFORM, at }: { by?: Actor; at: number },
): Promise<void> {
  const released = { event: 'released', by, at } as const;
  await transition(tx, leaseMachine, { deviceUuid, workloadId }, released);
}
