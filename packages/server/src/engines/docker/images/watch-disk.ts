import { statfs } from 'node:fs/promises';

export type Disk = { totalBytes: number; freeBytes: number };

const EVERY = 2_000;
const MIB = 1024 ** 2;

/**
 * Why a build has to stop: it took more than it may of the disk, or leaves too little for everybody.
 * What others write meanwhile counts too: nobody tells whose it is.
 */
export function diskFull(began: Disk, now: Disk, diskMiB: number): string | undefined {
  const taken = Math.floor((began.freeBytes - now.freeBytes) / MIB);
  if (taken > diskMiB)
    return `The build was stopped: it took ${taken} MiB of disk, and may take ${diskMiB} MiB.`;
  if (now.freeBytes >= now.totalBytes * 0.05) return undefined;
  return `The build was stopped: less than 5 % of the engine's disk is free (docker system prune makes room).`;
}

/** Looks at the disk of a folder until the signal aborts, and calls back once where it is full. */
export async function watchDisk(
  { folder, diskMiB }: { folder: string; diskMiB: number },
  full: (why: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const began = await readDisk(folder);
  if (began === undefined || signal.aborted) return;
  const look = async (): Promise<void> => {
    const now = await readDisk(folder);
    const why = now && diskFull(began, now, diskMiB);
    if (why !== undefined && !signal.aborted) full(why);
  };
  await look();
  const timer = setInterval(() => void look(), EVERY);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** Undefined where the engine's disk is not to be seen from here. */
async function readDisk(folder: string): Promise<Disk | undefined> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
  } catch {
    return undefined;
  }
}
