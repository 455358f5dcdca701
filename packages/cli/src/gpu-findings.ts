import type { Device } from '@grid/server/devices/device.ts';
import type { SeenDocker } from './docker-findings.ts';
import type { Finding } from './finding.ts';

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

export function gpuFindings(seen: SeenGpus, docker: SeenDocker): Finding[] {
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
      return ofDevices(seen, docker);
    default:
      return seen satisfies never;
  }
}

type There = Extract<SeenGpus, { is: 'there' }>;

function ofDevices(seen: There, docker: SeenDocker): Finding[] {
  const { devices, simulated, warnings } = seen;
  if (devices.length === 0) return [{ what: WHAT, state: 'ok', detail: 'there are none' }];
  return [
    { what: WHAT, state: 'ok', detail: summary(seen) },
    ...devices.flatMap(trouble),
    ...(simulated ? [] : warnings.map(unseen)),
    ...(simulated ? [] : inContainers(docker)),
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

function inContainers(docker: SeenDocker): Finding[] {
  if (docker.is !== 'there') return [];
  const { name, givesGpus } = docker.engine;
  const what = 'GPUs in containers';
  if (givesGpus && isUnsafe(docker.toolkit))
    return [
      {
        what,
        state: 'limited',
        detail: `${name} can give them, by a container toolkit (${docker.toolkit}) that runs its hooks with a container's own variables, outside of it (CVE-2025-23266)`,
        mend: 'apt-get install nvidia-container-toolkit (1.17.8 or newer), then systemctl restart docker',
      },
    ];
  if (givesGpus) return [{ what, state: 'ok', detail: `${name} can give them` }];
  return [
    {
      what,
      state: 'limited',
      detail: `${name} cannot give them, and containers that ask for some do not start: NVIDIA's container toolkit is missing`,
      mend: 'apt-get install nvidia-container-toolkit, then nvidia-ctk runtime configure --runtime=docker, then systemctl restart docker',
    },
  ];
}

/** The first whose hooks take nothing from a container. */
const SAFE = [1, 17, 8];

function isUnsafe(version: string | undefined): boolean {
  if (version === undefined) return false;
  const parts = version.split('.').map(Number);
  const at = SAFE.findIndex((part, index) => (parts[index] ?? 0) !== part);
  return at >= 0 && (parts[at] ?? 0) < (SAFE[at] ?? 0);
}
