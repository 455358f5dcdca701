import { Unavailable } from '../../lib/unavailable.ts';
import type { Answer } from './nvidia-smi.ts';

export const CSV = '--format=csv,noheader,nounits';

/** Exit code of a tool that answered, and warns of a damaged inforom. */
const WARNED = 14;

export const isWell = ({ code }: Answer): boolean => code === 0 || code === WARNED;

const all = ({ output, complaint }: Answer): string => `${output}\n${complaint}`;

export const saysNoDevices = (answer: Answer): boolean =>
  /^No devices were found/im.test(all(answer));

export const saysNoDriver = (answer: Answer): boolean =>
  /couldn't communicate with the NVIDIA driver|Failed to initialize NVML: Driver Not Loaded/i.test(
    all(answer),
  );

/** What is thrown where the tool failed: its own words, and what helps. */
export function failed(answer: Answer): Unavailable {
  const words = all(answer).trim().split('\n')[0]?.trim().slice(0, 200) ?? '';
  const told = words === '' ? 'says nothing' : `says: "${words}"`;
  const help = /version mismatch/i.test(words)
    ? ' The driver was updated while it runs: restart the machine.'
    : '';
  return new Unavailable(`nvidia-smi (exit code ${answer.code ?? 'none'}) ${told}.${help}`);
}
