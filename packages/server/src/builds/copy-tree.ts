import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, open, readlink, symlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { holdFolder, pathOf } from '../lib/held-folder.ts';
import type { HeldFolder } from '../lib/held-folder.ts';

/** Copies a folder into one that is there; links as they are, and nothing but files and folders besides. */
export async function copyTree(from: string, into: string): Promise<void> {
  await using source = await holdFolder(from);
  await using target = await holdFolder(into);
  await copyFolder(source, target);
}

async function copyFolder(source: HeldFolder, target: HeldFolder): Promise<void> {
  for await (const entry of source.entries()) {
    const [from, to] = [source.at(entry.name), target.at(entry.name)];
    if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else if (entry.isFile()) await copyContent(from, to);
    else if (entry.isDirectory()) await copyInner({ source, target }, entry.name);
  }
}

async function copyInner(
  { source, target }: { source: HeldFolder; target: HeldFolder },
  name: Buffer,
): Promise<void> {
  await using from = await source.enter(name);
  if (from === undefined) return;
  await mkdir(target.at(name), { mode: 0o700 });
  await using to = await target.enter(name);
  if (to === undefined) return;
  await copyFolder(from, to);
  await using held = await open(from.path);
  await chmod(to.path, (await held.stat()).mode & 0o777);
}

/** A large one shares its blocks where the disk can. What a mode says beyond who may do what is left out. */
async function copyContent(from: Buffer, to: Buffer): Promise<void> {
  await using file = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { mode } = await file.stat();
  if ((mode & SPECIAL) === 0)
    return copyFile(pathOf(file), to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await using target = await open(to, 'wx', mode & 0o777);
  await pipeline(file.createReadStream({ autoClose: false }), target.createWriteStream());
}

/** Of a file that runs as whoever it belongs to: the copy belongs to the platform. */
const SPECIAL = 0o7000;
