import type { Device } from '@grid/server/devices/device.ts';
import type { Finding } from '@grid/server/lib/finding.ts';

/** What was seen of the GPUs of this machine. */
export type SeenGpus =
  /** What the configuration says of simulated ones is not understood. */
  | { is: 'misnamed'; why: string }
  /** Nobody can tell which there are: a sentence says why. */
  | { is: 'silent'; why: string }
  | {
      is: 'there';
      devices: readonly Device[];
      simulated: boolean;
      /** What is not seen of them. */
      warnings: readonly string[];
    };

const WHAT = 'GPUs';

export function gpuFindings(seen: SeenGpus): Finding[] {
  switch (seen.is) {
    case 'misnamed':
      return [{ what: WHAT, state: 'missing', detail: seen.why }];
    case 'silent':
      return [
        {
          what: WHAT,
          state: 'limited',
          detail: `nobody can tell which there are, and nothing is started on them: ${seen.why}`,
          mend: 'dmesg | grep NVRM says what the driver met; restart the machine where it hangs',
        },
      ];
    case 'there':
      return ofDevices(seen);
    default:
      return seen satisfies never;
  }
}

type There = Extract<SeenGpus, { is: 'there' }>;

function ofDevices(seen: There): Finding[] {
  const { devices, simulated, warnings } = seen;
  if (devices.length === 0) return [{ what: WHAT, state: 'ok', detail: 'there are none' }];
  return [
    { what: WHAT, state: 'ok', detail: summary(seen) },
    ...devices.flatMap(trouble),
    ...(simulated ? [] : warnings.map(unseen)),
  ];
}

/** `2 × NVIDIA H100 80GB HBM3, 1 × NVIDIA L4 (driver 570.86.15)` */
function summary({ devices, simulated }: There): string {
  const models = Map.groupBy(devices, ({ model }) => model);
  const counts = [...models].map(([model, all]) => `${all.length} × ${model}`).join(', ');
  const drivers = [...new Set(devices.flatMap(({ driver }) => driver ?? []))].join(', ');
  if (simulated) return `${counts}, simulated (GRID_SIMULATED_GPUS)`;
  return drivers === '' ? counts : `${counts} (driver ${drivers})`;
}

const trouble = ({ uuid, trouble: ill }: Device): Finding[] =>
  ill === undefined
    ? []
    : [
        {
          what: uuid,
          state: 'limited',
          detail: `is given to nobody. ${ill.detail}`,
          mend: `when it is well again: grid devices repaired ${uuid}`,
        },
      ];

const unseen = (warning: string): Finding => ({
  what: "The kernel's log",
  state: 'limited',
  detail: warning,
  mend: 'sysctl -w kernel.dmesg_restrict=0',
});
