/** Copies would take far more of the disk than what they are made from. */
export class Grown extends Error {
  override readonly name = 'Grown';

  constructor(most: number) {
    super(
      `its files would take ${most / 1024 ** 3} GiB more in a copy than they do now: they have large holes, or several names each.`,
    );
  }
}

type File = { dev: number; ino: number; nlink: number; size: number; blocks: number };

const MOST = 10 * 1024 ** 3;

/**
 * Counts what copies take beyond what the disk has of the files now, before each is written: holes are filled, and a
 * file with several names is written for each. Who was held to a size wrote neither. Throws `Grown`.
 */
export function createGrowthCount(most = MOST): (file: File) => void {
  const seen = new Set<string>();
  let grown = 0;
  return ({ dev, ino, nlink, size, blocks }) => {
    const id = `${dev} ${ino}`;
    const there = seen.has(id) ? 0 : blocks * 512;
    if (nlink > 1) seen.add(id);
    grown += Math.max(0, size - there);
    if (grown > most) throw new Grown(most);
  };
}
