import type { Kysely } from 'kysely';
import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import { request } from '../reconcile/queue.ts';
import type { Database, Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { GrantedDevice } from './device.ts';
import { recordDeviceEvent } from './device-event.ts';
import { deleteDevice, selectDevices, selectRepairs, setRepaired } from './device-store.ts';
import {
  insertLease,
  selectLeases,
  selectLeasesOf,
  setLeasesEnded,
  setReleased,
} from './lease-store.ts';
import type { WorkloadId } from '../lib/ids.ts';

export type { KnownDevice } from './device-store.ts';
export type { Lease } from './lease-store.ts';

export const listDevices = selectDevices;
export const listLeases = selectLeases;
export const leasesOf = selectLeasesOf;
export const leaseDevice = insertLease;

/** By UUID, when the operator said last that the device is mended. */
export const listRepairs = async (db: Kysely<Schema>): Promise<ReadonlyMap<string, number>> =>
  new Map((await selectRepairs(db)).map(({ uuid, repairedAt }) => [uuid, repairedAt ?? 0]));

/** The devices that a node of the workload holds, as the instance is given them. */
export async function grantedTo(
  db: Kysely<Schema>,
  workloadId: WorkloadId,
  number: number,
): Promise<GrantedDevice[]> {
  const leases = (await selectLeasesOf(db, workloadId)).filter((one) => one.number === number);
  if (leases.length === 0) return [];
  const held = new Set(leases.map(({ deviceUuid }) => deviceUuid));
  return (await selectDevices(db))
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
    await request(tx, 'devices', 'inventory', at);
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
    const lease = (await selectLeases(tx)).find(({ deviceUuid }) => deviceUuid === uuid);
    if (lease?.endedAt === null)
      throw new Refusal('conflict', `${uuid} is still leased: stop what holds it first.`);
    if (lease !== undefined) await setReleased(tx, lease, clock());
    await deleteDevice(tx, uuid);
    await recordDeviceEvent(tx, uuid, { kind: 'device.forgotten', by, at: clock(), data: {} });
  });

const findDevice = async (db: Kysely<Schema>, uuid: string) =>
  (await selectDevices(db)).find((device) => device.uuid === uuid);

const noDevice = (uuid: string): Refusal =>
  new Refusal('not_found', `There is no device ${uuid}: "grid devices" lists them.`);

/** The workload is over: its devices are offered again once nobody is seen to use them. */
export async function endLeases(tx: Tx, workloadId: WorkloadId, at: number): Promise<void> {
  if (await setLeasesEnded(tx, workloadId, at)) await request(tx, 'devices', 'leases', at);
}
