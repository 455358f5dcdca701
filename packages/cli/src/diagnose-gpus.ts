import type { Config } from '@grid/server/config.ts';
import { openDevices } from '@grid/server/devices/open-devices.ts';
import type { OpenDevices } from '@grid/server/devices/open-devices.ts';
import type { SeenGpus } from './gpu-findings.ts';

/** One look may take several of the tool's answers. */
const WITHIN = 30_000;

/** Looks for GPUs as the platform does; what its operator said of repairs is not known here. */
export async function lookAtGpus({
  simulatedGpus,
  environment,
}: Pick<Config, 'simulatedGpus' | 'environment'>): Promise<SeenGpus> {
  const opened = open(simulatedGpus, environment['PATH']);
  if (typeof opened === 'string') return { is: 'misnamed', why: opened };
  try {
    const devices = await opened.source.list(AbortSignal.timeout(WITHIN));
    const { warnings } = opened;
    return { is: 'there', devices, simulated: simulatedGpus !== undefined, warnings };
  } catch (error) {
    return { is: 'silent', why: sentence(error) };
  }
}

function open(simulated: string | undefined, path: string | undefined): OpenDevices | string {
  const acknowledged = async (): Promise<ReadonlyMap<string, number>> => new Map();
  try {
    return openDevices({ simulated, path, clock: () => Date.now(), acknowledged });
  } catch (error) {
    return sentence(error);
  }
}

const sentence = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
