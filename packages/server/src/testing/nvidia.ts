import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { openDevices } from '../devices/open-devices.ts';
import type { DeviceSource } from '../devices/device.ts';

/** A program that answers each question with the file of that name beside its folder, and may hang or fail. */
const PROGRAM = `#!/bin/sh
here=\${0%/*}/../answers
case "$*" in
  *-L) name=list;;
  *-q\\ -x) name=details;;
  *compute-apps*) name=apps;;
  *query-gpu=index*) name=gpus;;
  *) name=measures;;
esac
case "$1" in --id=*) name="$name.\${1#--id=}";; esac
[ -f "$here/$name.hang" ] && exec /bin/sleep 600
[ -f "$here/$name" ] && /bin/cat "$here/$name"
[ -f "$here/$name.code" ] && read -r code < "$here/$name.code" && exit "$code"
exit 0
`;

export const BOOTED_AT = 1_700_000_000_000;
const UP_FOR = 5_000_000;

/** A machine in a folder: a driver's tool, and what the kernel tells of devices. */
export type FakeMachine = {
  source: DeviceSource;
  warnings: readonly string[];
  /** What the tool answers from now on: `gpus`, `list`, `details`, `apps`, `measures`; `.code`, `.hang`. */
  answer(name: string, text: string): void;
  forget(name: string): void;
  /** A file of `/proc` or `/sys`. */
  kernel(path: string, text: string): void;
  acknowledge(uuid: string, at: number): void;
};

export function fakeMachine(
  t: TestContext,
  options: { within?: number; log?: string | undefined; tool?: boolean } = {},
): FakeMachine {
  const { within, log, tool } = { within: 10_000, log: '', tool: true, ...options };
  const folder = mkdtempSync(join(tmpdir(), 'grid-nvidia-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  write('proc/uptime', `${UP_FOR / 1000} 1.00\n`);
  if (log !== undefined) write('kmsg', log);
  mkdirSync(join(folder, 'answers'));
  if (tool) {
    write('bin/nvidia-smi', PROGRAM);
    chmodSync(join(folder, 'bin/nvidia-smi'), 0o755);
  }
  const acknowledged = new Map<string, number>();
  const opened = openDevices({
    simulated: undefined,
    path: join(folder, 'bin'),
    clock: () => BOOTED_AT + UP_FOR,
    acknowledged: async () => acknowledged,
    machine: {
      roots: { proc: join(folder, 'proc'), sys: join(folder, 'sys') },
      kernelLog: join(folder, 'kmsg'),
      within,
    },
  });
  return {
    ...opened,
    answer: (name, text) => write(`answers/${name}`, text),
    forget: (name) => rmSync(join(folder, 'answers', name)),
    kernel: write,
    acknowledge: (uuid, at) => void acknowledged.set(uuid, at),
  };
}

/** The driver's entry of a GPU in `/proc`. */
export const driverEntry = (
  minor: number,
  uuid = 'GPU-????????-????-????-????-????????????',
): string =>
  `Model: \t\t NVIDIA H100 80GB HBM3
IRQ:   \t\t 148
GPU UUID: \t ${uuid}
Video BIOS: \t 96.00.89.00.01
Bus Type: \t PCIe
DMA Size: \t 52 bits
DMA Mask: \t 0xfffffffffffff
Bus Location: \t 0000:1b:00.0
Device Minor: \t ${minor}
GPU Firmware: \t 570.86.15
GPU Excluded:\t No
`;
