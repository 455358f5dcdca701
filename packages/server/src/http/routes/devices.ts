import { devices } from '@grid/api';
import type { Device } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { declareRepaired, forgetDevice } from '../../devices/devices.ts';
import { listDevices } from '../../devices/device-store.ts';
import { listLeases } from '../../devices/lease-store.ts';
import type { KnownDevice } from '../../devices/known-device.ts';
import type { Lease } from '../../devices/lease.ts';
import { openClasses } from '../../devices/flavor-devices.ts';
import type { DeviceClasses } from '../../devices/flavor-devices.ts';
import type { Inventory } from '../../devices/inventory.ts';
import { listMemberships } from '../../organizations/organization-store.ts';
import { listNamedModels } from '../../scheduling/flavor-store.ts';
import type { Pool } from '../../scheduling/pool.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type DeviceNeeds = Serving & { pool: Pick<Pool, 'flavorDevices'>; inventory: Inventory };

/** The devices of the platform: what they are, how they are, and who has them. */
export function deviceRoutes(app: FastifyInstance, needs: DeviceNeeds): void {
  const { database } = needs;
  serve(app, needs, devices.listDevices, async ({ user }) => {
    const leases = new Map((await listLeases(database.read)).map((one) => [one.deviceUuid, one]));
    const owners = new Set<string>([
      user.id,
      ...(await listMemberships(database.read, user.id)).map(({ id }) => id),
    ]);
    const sees = ({ ownerId }: Lease): boolean => user.operator || owners.has(ownerId);
    const known = await listDevices(database.read);
    const models = await listNamedModels(database.read);
    const classes = openClasses(needs.pool.flavorDevices, models, known);
    const shown = known.map((device) =>
      presentDevice(classes, device, { lease: leases.get(device.uuid), sees }),
    );
    return { devices: shown, silent: needs.inventory.silent() ?? null };
  });
  serve(app, needs, devices.repairDevice, async ({ params, by }) => {
    await declareRepaired(needs, { uuid: params.uuid, by });
  });
  serve(app, needs, devices.forgetDevice, async ({ params, by }) => {
    await forgetDevice(needs, { uuid: params.uuid, by });
  });
}

function presentDevice(
  classes: DeviceClasses,
  device: KnownDevice,
  { lease, sees }: { lease: Lease | undefined; sees: (lease: Lease) => boolean },
): Device {
  const { uuid, model, memoryMiB, position: index, host } = device;
  const deviceClass = classes.of(device) ?? null;
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
