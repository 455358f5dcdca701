import type { Clock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import { holdClaim, askForLook } from '../reconcile/looks.ts';
import type { Claim, Reconciler } from '../reconcile/reconciler.ts';
import { begin, transition } from '../states/transition.ts';
import type { Database, Tx } from '../store/database.ts';
import { deviceMachine } from './known-device.ts';
import type { Device } from './device.ts';
import { firstSeen, insertDevice, updateDevice } from './device-store.ts';
import { releaseDevice } from './devices.ts';
import type { Inventory } from './inventory.ts';
import { leaseMachine } from './lease.ts';
import type { Lease } from './lease.ts';
import { listLeases } from './lease-store.ts';
import { planDevices } from './plan-devices.ts';
import type { DeviceChange } from './plan-devices.ts';
import { LOCAL } from '../lib/host.ts';

/** How often the driver is asked what there is. */
const LOOK_EVERY = 15 * SECOND;
/** How soon a device that somebody is still seen to use is asked about again; ten times as long, later. */
const FENCE_EVERY = 500;
const PATIENCE = 30 * SECOND;

export type DeviceDeps = {
  database: Database;
  clock: Clock;
  log: Log;
  inventory: Inventory;
  /** A device that this lease holds is not well any more: whoever holds it is to be ended. */
  onFault(tx: Tx, lease: Lease, at: number): Promise<void>;
  /** Adds the sizes that the devices that there are make sensible. */
  completeFlavors(tx: Tx, at: number): Promise<void>;
};

/**
 * What is looked at: `inventory`, what devices there are; `leases`, whether those given back are free; `flavors`, which
 * sizes follow from the devices: what cannot be made into sizes is there all the same.
 */
export const devicesReconciler =
  (deps: DeviceDeps): Reconciler =>
  (claim, signal) => {
    if (claim.id === 'leases') return fenceLeases(deps, claim, signal);
    if (claim.id === 'flavors') return makeSizes(deps, claim);
    return lookAtDevices(deps, claim, signal);
  };

async function makeSizes(deps: DeviceDeps, claim: Claim): Promise<undefined> {
  await deps.database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    await deps.completeFlavors(tx, deps.clock());
  });
}

async function lookAtDevices(deps: DeviceDeps, claim: Claim, signal: AbortSignal): Promise<number> {
  const { database, clock, inventory } = deps;
  const seen = await listDevices(deps, signal);
  if (seen !== undefined) {
    // what was recorded last, also where another process recorded it, or it was not known whether this one had
    await inventory.refresh();
    const known = inventory.devices().filter(({ host }) => host === LOCAL);
    const changes = planDevices(known, seen);
    if (changes.length > 0) {
      await database.transaction(async (tx) => {
        await holdClaim(tx, claim);
        for (const change of changes) await recordChange(deps, tx, change);
        if (changes.some((change) => change.do === 'add'))
          await askForLook(tx, 'devices', 'flavors', clock());
        await askForLook(tx, 'queue', 'all', clock());
      });
      await inventory.refresh();
    }
  }
  return clock() + LOOK_EVERY;
}

/** What there is, or undefined where the driver's tool does not say: then nothing is concluded, or offered. */
async function listDevices(
  { database, clock, log, inventory }: DeviceDeps,
  signal: AbortSignal,
): Promise<readonly Device[] | undefined> {
  const former = inventory.silent();
  try {
    const seen = await inventory.source.list(signal);
    inventory.note(undefined);
    if (former !== undefined)
      await database.transaction((tx) => askForLook(tx, 'queue', 'all', clock()));
    return seen;
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    if (former !== message) log.warn({ err: error }, 'the devices cannot be seen');
    inventory.note(message);
    return undefined;
  }
}

async function recordChange(deps: DeviceDeps, tx: Tx, change: DeviceChange): Promise<void> {
  const at = deps.clock();
  if (change.do === 'add') {
    return addDevice(tx, change.device, at);
  }
  if (change.do === 'update') {
    await updateDevice(tx, change.device);
    return;
  }
  const { uuid, health, reason, detail } = change;
  if (health === 'well') {
    await transition(tx, deviceMachine, { uuid }, { event: 'recovered', at });
    return;
  }
  const event = health === 'missing' ? 'lost' : 'fell_ill';
  await transition(tx, deviceMachine, { uuid }, { event, facts: { reason, detail }, at });
  deps.log.warn({ uuid, reason, detail }, 'a device is not well');
  const held = (await listLeases(tx)).filter(
    (lease) => lease.deviceUuid === uuid && lease.endedAt === null,
  );
  for (const lease of held) await deps.onFault(tx, lease, at);
}

/** A device that is seen for the first time. */
async function addDevice(tx: Tx, device: Device, at: number): Promise<void> {
  await insertDevice(tx, device, { host: LOCAL, at });
  const { uuid, model, trouble } = device;
  const { reason = null, detail = null } = trouble ?? {};
  const row = { uuid, model, reason, detail, ownerId: null, applicationId: null };
  await begin(tx, deviceMachine, [row], { event: firstSeen(device), at });
}

async function obstruct(
  tx: Tx,
  { deviceUuid, workloadId }: Lease,
  { detail, at }: { detail: string; at: number },
): Promise<void> {
  const obstructed = { event: 'obstructed', facts: { detail }, at } as const;
  await transition(tx, leaseMachine, { deviceUuid, workloadId }, obstructed);
}

/** Offers again what nobody is seen to use any more. */
async function fenceLeases(
  { database, clock, inventory }: DeviceDeps,
  claim: Claim,
  signal: AbortSignal,
): Promise<number | undefined> {
  const ended = (await listLeases(database.read)).filter(({ endedAt }) => endedAt !== null);
  if (ended.length === 0) return undefined;
  const waits = await askHolders(inventory, ended, signal);
  const free = ended.filter((lease) => waits.get(lease) === undefined);
  const at = clock();
  await database.transaction(async (tx) => {
    await holdClaim(tx, claim);
    for (const lease of free) await releaseDevice(tx, lease, { at });
    for (const [lease, detail] of waits)
      if (detail !== undefined && detail !== lease.detail)
        await obstruct(tx, lease, { detail, at });
    for (const { applicationId } of free)
      if (applicationId !== null) await askForLook(tx, 'application', applicationId, at);
  });
  const since = Math.min(...ended.map(({ endedAt }) => endedAt ?? at));
  if (free.length === ended.length) return undefined;
  return at + (at - since < PATIENCE ? FENCE_EVERY : 10 * FENCE_EVERY);
}

/** Why each of them cannot be offered yet, or undefined where nobody uses it. */
async function askHolders(
  inventory: Inventory,
  leases: readonly Lease[],
  signal: AbortSignal,
): Promise<Map<Lease, string | undefined>> {
  try {
    const holders = await inventory.source.holders(
      leases.map(({ deviceUuid }) => deviceUuid),
      signal,
    );
    return new Map(leases.map((lease) => [lease, describeHolders(holders.get(lease.deviceUuid))]));
  } catch (error) {
    signal.throwIfAborted();
    if (leases.length > 1) return askEach(inventory, leases, signal);
    const message = error instanceof Error ? error.message : String(error);
    const detail = `Whether it is free cannot be told: ${message}`;
    return new Map(leases.map((lease) => [lease, detail]));
  }
}

/** One of which nothing can be told, as it is gone, keeps no other from being offered. */
async function askEach(
  inventory: Inventory,
  leases: readonly Lease[],
  signal: AbortSignal,
): Promise<Map<Lease, string | undefined>> {
  const told = new Map<Lease, string | undefined>();
  for (const lease of leases)
    for (const [one, detail] of await askHolders(inventory, [lease], signal)) told.set(one, detail);
  return told;
}

function describeHolders(pids: readonly number[] | undefined): string | undefined {
  if (pids === undefined || pids.length === 0) return undefined;
  const processes = pids.length === 1 ? 'Process' : 'Processes';
  return `${processes} ${pids.join(', ')} of this machine still use${pids.length === 1 ? 's' : ''} it.`;
}
