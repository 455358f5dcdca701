import type { DeviceHealth } from '../store/schema.ts';
import type { Device } from './device.ts';
import type { KnownDevice } from './known-device.ts';
import type { EndReason } from '../lib/reason.ts';

export type DeviceChange =
  | { do: 'add'; device: Device }
  /** Its place, name or files are others than they were. */
  | { do: 'update'; device: Device }
  | {
      do: 'set_health';
      uuid: string;
      health: DeviceHealth;
      reason: EndReason | null;
      detail: string | null;
    };

/**
 * What changed between what is known of a host's devices and what is seen there. What is not seen is
 * missing, not forgotten; what is seen well again is well.
 */
export function planDevices(
  known: readonly KnownDevice[],
  seen: readonly Device[],
): DeviceChange[] {
  const byUuid = new Map(known.map((device) => [device.uuid, device]));
  const there = new Set(seen.map(({ uuid }) => uuid));
  const ofSeen = seen.flatMap((device): DeviceChange[] => {
    const former = byUuid.get(device.uuid);
    if (former === undefined) return [{ do: 'add', device }];
    return [
      ...(isSame(former, device) ? [] : [{ do: 'update', device } as const]),
      ...healthOf(former, device),
    ];
  });
  const gone = known
    .filter(({ uuid, health }) => !there.has(uuid) && health !== 'missing')
    .map(({ uuid }): DeviceChange => ({
      do: 'set_health',
      uuid,
      health: 'missing',
      reason: 'device_lost',
      detail: MISSING,
    }));
  return [...ofSeen, ...gone];
}

const MISSING =
  'The driver does not list it any more. If it was taken out, "grid devices forget" removes it; else the machine’s kernel log says more.';

function healthOf(former: KnownDevice, { uuid, trouble }: Device): DeviceChange[] {
  const health = trouble === undefined ? 'well' : 'quarantined';
  const reason = trouble?.reason ?? null;
  const detail = trouble?.detail ?? null;
  const same = former.health === health && former.reason === reason && former.detail === detail;
  return same ? [] : [{ do: 'set_health', uuid, health, reason, detail }];
}

const isSame = (former: KnownDevice, device: Device): boolean =>
  former.model === device.model &&
  former.memoryMiB === device.memoryMiB &&
  former.position === device.index &&
  former.numa === (device.numa ?? null) &&
  former.parentUuid === (device.parentUuid ?? null) &&
  former.driver === (device.driver ?? null) &&
  former.files.join() === device.files.join();

/** The devices of one node each, out of those that are free: near each other where the machine says so. */
export function pickDevices(
  free: readonly Pick<KnownDevice, 'uuid' | 'numa' | 'parentUuid'>[],
  count: number,
): string[] | undefined {
  if (free.length < count) return undefined;
  const groups = [...Map.groupBy(free, ({ numa, parentUuid }) => `${parentUuid}/${numa}`).values()];
  const whole = groups
    .filter((group) => group.length >= count)
    .toSorted((a, b) => a.length - b.length)[0];
  return (whole ?? groups.toSorted((a, b) => b.length - a.length).flat())
    .slice(0, count)
    .map(({ uuid }) => uuid);
}
