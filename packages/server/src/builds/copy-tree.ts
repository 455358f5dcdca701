import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, open, readlink, symlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGrowthCount } from '../lib/count-growth.ts';
import { holdFolder, pathOf } from '../lib/held-folder.ts';
import type { HeldFolder } from '../lib/held-folder.ts';

/**
 * Copies a folder into one that is there; links as they are, and nothing but files and folders besides. Throws
 * `Grown` where the copy would take that much more of the disk, in bytes.
 */
export async function copyTree(from: string, into: string, mostGrowth?: number): Promise<void> {
  await using source = await holdFolder(from);
  await using target = await holdFolder(into);
  await copyFolder({ source, target, count: createGrowthCount(mostGrowth) });
}

type Copying = {
  source: HeldFolder;
  target: HeldFolder;
  count: ReturnType<typeof createGrowthCount>;
};

async function copyFolder(copying: Copying): Promise<void> {
  const { source, target, count } = copying;
  for await (const entry of source.entries()) {
    const [from, to] = [source.at(entry.name), target.at(entry.name)];
    if (entry.isSymbolicLink()) await symlink(await readlink(from, 'buffer'), to);
    else if (entry.isFile()) await copyContent(from, to, count);
    else if (entry.isDirectory()) await copyInner(copying, entry.name);
  }
}

async function copyInner({ source, target, count }: Copying, name: Buffer): Promise<void> {
  await using from = await source.enter(name);
  if (from === undefined) return;
  await mkdir(target.at(name), { mode: 0o700 });
  await using to = await target.enter(name);
  if (to === undefined) return;
  await copyFolder({ source: from, target: to, count });
  await using held = await open(from.path);
  await chmod(to.path, (await held.stat()).mode & 0o777);
}

/** A large one shares its blocks where the disk can. What a mode says beyond who may do what is left out. */
async function copyContent(from: Buffer, to: Buffer, count: Copying['count']): Promise<void> {
  await using file = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  const stats = await file.stat();
  count(stats);
  const { mode } = stats;
  if ((mode & SPECIAL) === 0) {
    // waited for here: the number of a file that is closed is the next one's
    await copyFile(pathOf(file), to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return;
  }
  await using target = await open(to, 'wx', mode & 0o777);
  await pipeline(file.createReadStream({ autoClose: false }), target.createWriteStream());
}

/** Of a file that runs as whoever it belongs to: the copy belongs to the platform. */
const SPECIAL = 0o7000;
