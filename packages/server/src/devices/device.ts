import type { SomeOf } from '../lib/reason.ts';

/**
 * What can be leased: a GPU, or a MIG slice of one. A device is named by its UUID, never by its index,
 * which changes with the list that it is in.
 */
export type Device = {
  /** `GPU-…` or `MIG-…`, as the driver names it. */
  uuid: string;
  /** As the driver says it (`NVIDIA H100 80GB HBM3`); of a slice with its profile (`… MIG 1g.10gb`). */
  model: string;
  memoryMiB: number;
  /** Place in the driver's list: for reading only. */
  index: number;
  /** Of `/dev/nvidia<minor>`; undefined where there is no such file. */
  minor: number | undefined;
  pciBus: string | undefined;
  /** Memory node that it is next to; undefined where the machine does not say. */
  numa: number | undefined;
  /** The GPU that a slice is part of. */
  parentUuid: string | undefined;
  driver: string | undefined;
  /** Device files of its own, which an instance that leases it sees; none where it is simulated. */
  files: readonly string[];
  /** Why nobody may have it, or undefined while it is well. */
  trouble: DeviceTrouble | undefined;
};

export type DeviceTrouble = {
  reason: DeviceTroubleReason;
  /** A sentence, with what the operator can do. */
  detail: string;
};

/** `xid_…` comes from the driver's log; its number is in the detail. */
type DeviceTroubleReason = SomeOf<'xid' | 'device_error' | 'device_lost'>;

/** What a device does now; undefined where the driver does not say. */
export type DeviceMeasure = {
  uuid: string;
  /** 0 to 1. */
  utilization: number | undefined;
  memoryUsedMiB: number | undefined;
  powerWatts: number | undefined;
  temperatureCelsius: number | undefined;
};

/** Who knows the devices of this machine. Each call ends within its own deadline. */
export interface DeviceSource {
  /**
   * All that there are, none on a machine without. Rejects where nobody can tell (the driver's tool hangs, or
   * answers garbage): then nothing may be concluded.
   */
  list(signal: AbortSignal): Promise<readonly Device[]>;

  /**
   * The processes that hold each of these devices, by process id on this machine; a device that nobody holds
   * has none. Rejects where nobody can tell.
   */
  holders(
    uuids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly number[]>>;

  measure(signal: AbortSignal): Promise<readonly DeviceMeasure[]>;
}

/** A device as an instance is given it. */
export type GrantedDevice = Pick<Device, 'uuid' | 'files'>;
