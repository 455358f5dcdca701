/** An error that the driver reported in the kernel's log. */
export type Xid = {
  number: number;
  /** Of the GPU, without its function: `0000:65:00`. */
  pciSlot: string;
  /** Epoch milliseconds. */
  at: number;
};

/** Finds the errors in records of `/dev/kmsg`, which count microseconds since boot. */
export function parseXids(records: readonly string[], bootedAt: number): Xid[] {
  return records.flatMap((record) => {
    const found = RECORD.exec(record);
    if (found === null) return [];
    const [, since = '', pciSlot = '', number, text = ''] = found;
    if (RECOVERED.test(text)) return [];
    const at = Math.round(bootedAt + Number(since) / 1000);
    return [{ number: Number(number), pciSlot: pciSlot.toLowerCase(), at }];
  });
}

/** The kernel's own records have a priority below 8; what programs write there has one above. */
const RECORD =
  /^[0-7],\d+,(\d+),[^;]*;NVRM: Xid \(PCI:([\da-f]{4}:[\da-f]{2}:[\da-f]{2})[^)]*\): (\d+)(.*)$/i;

/** Number 154 tells also of a recovery that is over. */
const RECOVERED = /recovery action changed from .+ to 0x0 \(None\)/i;

/** What applications do wrong, and what ends with them: the same that NVIDIA's plugin for Kubernetes leaves alone. */
const OF_APPLICATIONS = new Set([13, 31, 43, 45, 68, 109]);

export const isCritical = ({ number }: Xid): boolean => !OF_APPLICATIONS.has(number);

/** Says what was reported, what it means and what helps; the first is what the others follow from. */
export function explainXids([first, ...more]: readonly [Xid, ...Xid[]]): string {
  const others = [...new Set(more.map(({ number }) => number))].filter(
    (one) => one !== first.number,
  );
  const then = others.length > 0 ? `, then ${others.join(', ')}` : '';
  const [meaning, remedy] = MEANINGS[first.number] ?? ['the driver reported an error', RESET];
  return `Xid ${first.number}${then}: ${meaning}. ${remedy}`;
}

const RESET = 'Reset the GPU (nvidia-smi --gpu-reset) or restart the machine.';
const RESTART = 'Restart the machine; where it comes back, have the GPU looked at.';
const REPLACE = 'Reset the GPU (nvidia-smi --gpu-reset); where it comes back, have it replaced.';

const MEANINGS: Readonly<Record<number, readonly [meaning: string, remedy: string]>> = {
  48: ['its memory had an error that could not be corrected', REPLACE],
  61: ['its microcontroller stopped at a breakpoint', RESET],
  62: ['its microcontroller halted', RESET],
  63: ['a part of its memory is to be replaced by a spare one', RESET],
  64: ['a part of its memory could not be replaced by a spare one', REPLACE],
  74: ['NVLink had an error', 'Check its bridge or cable, and reset the GPUs that it connects.'],
  79: ['it has fallen off the bus', RESTART],
  92: ['many errors of its memory were corrected', REPLACE],
  94: ['its memory had an error that ended only the application it belonged to', RESET],
  95: ['its memory had an error that may have harmed every application on it', RESET],
  119: ['its system processor did not answer', RESET],
  120: ['its system processor failed', RESET],
  140: ['its memory had an error that could not be corrected', REPLACE],
  143: ['it could not be initialized', RESTART],
  154: ['the driver asks for it to be recovered', RESET],
};
