import type { Clock } from '../lib/clock.ts';
import type { DeviceSource } from './device.ts';
import type { Roots } from './nvidia/device-facts.ts';
import { createNvidiaDevices } from './nvidia/nvidia-devices.ts';
import { createNvidiaSmi, findNvidiaSmi } from './nvidia/nvidia-smi.ts';
import { openKernelLog } from './nvidia/read-kernel-log.ts';
import type { KernelLog } from './nvidia/read-kernel-log.ts';
import { createSimulatedDevices } from './simulated-devices.ts';

export type DeviceOptions = {
  /** `GRID_SIMULATED_GPUS`: `8xH100,2xL4`, or the path of a JSON file. It is believed in place of the machine. */
  simulated: string | undefined;
  /** Where nvidia-smi is looked for, as in `PATH`. */
  path?: string | undefined;
  clock: Clock;
  /** By UUID, until when what the driver reported (Xid) of a device counts no more. */
  acknowledged: () => Promise<ReadonlyMap<string, number>>;
  /** Others in tests. */
  machine?: { roots: Roots; kernelLog: string; within: number };
};

export type OpenDevices = { source: DeviceSource; warnings: readonly string[] };

const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const MACHINE = {
  roots: { proc: '/proc', sys: '/sys' },
  kernelLog: '/dev/kmsg',
  within: 10_000,
};

/** Opens what knows the GPUs of this machine; on one without there are none. Throws where a simulated list is not understood. */
export function openDevices(options: DeviceOptions): OpenDevices {
  const { simulated, path = USUAL_PATH, clock, acknowledged, machine = MACHINE } = options;
  if (simulated !== undefined && simulated !== '')
    return { source: createSimulatedDevices(simulated), warnings: [] };
  const isInstalled = (): boolean => findNvidiaSmi(path) !== undefined;
  const { log, warnings } = openLog(machine.kernelLog);
  const source = createNvidiaDevices({
    ask: createNvidiaSmi(path, machine.within),
    isInstalled,
    roots: machine.roots,
    kernelLog: log,
    clock,
    acknowledged,
  });
  return { source, warnings: isInstalled() ? warnings : [] };
}

function openLog(path: string): { log: KernelLog | undefined; warnings: readonly string[] } {
  try {
    return { log: openKernelLog(path), warnings: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { log: undefined, warnings: [`${UNREADABLE} (${why}).`] };
  }
}

const UNREADABLE =
  "The kernel's log cannot be read, so a GPU that the driver reports as broken (Xid) is not noticed: run the platform as root, or sysctl -w kernel.dmesg_restrict=0";
