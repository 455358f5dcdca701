import { chmod, lchown, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { holdFolder } from '../../../lib/held-folder.ts';
import type { HeldFolder } from '../../../lib/held-folder.ts';
import type { InstanceFiles, InstanceSpec } from '../../../workloads/engine.ts';
import type { User } from '../machine-programs.ts';

/** What an instance writes into is there, and belongs to its user; only root can give something away. */
export async function prepareFiles({ files }: InstanceSpec, user: User): Promise<void> {
  const { application, environment, cache } = files;
  const installed = environment?.access === 'writable' ? environment.source : undefined;
  if (installed !== undefined) await makeInstalled(installed);
  if (cache !== undefined) await mkdir(cache.source, { recursive: true, mode: 0o700 });
  await makeShared(files);
  const mine = application.access === 'writable' ? application.source : undefined;
  for (const folder of [mine, installed, cache?.source])
    if (folder !== undefined) await chownTree(folder, user);
}

/** Its owner's other applications read it, too, as whoever they run as: they come by no path to it. */
async function makeInstalled(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) await chmod(folder, 0o755);
}

/**
 * What the nodes of a run share is there. Whoever an image says that it runs as may write there, and programs of this
 * machine in the same run; nobody else comes by its parent. What a node has changed of it stays.
 */
export async function makeShared({ shared }: InstanceFiles): Promise<void> {
  if (shared === undefined) return;
  await mkdir(dirname(shared.source), { recursive: true, mode: 0o700 });
  await mkdir(shared.source, { recursive: true });
  const { uid, mode } = await lstat(shared.source);
  if (uid === process.geteuid?.() && (mode & 0o777) !== 0o777) await chmod(shared.source, 0o777);
}

/** The root is given last: one that belongs to the user is given whole. */
async function chownTree(path: string, user: User): Promise<void> {
  if ((await lstat(path)).uid === user.uid) return;
  await using folder = await holdFolder(path);
  await chownInside(folder, user);
  await lchown(path, user.uid, user.gid);
}

async function chownInside(folder: HeldFolder, user: User): Promise<void> {
  for await (const entry of folder.entries()) {
    await using inner = entry.isDirectory() ? await folder.enter(entry.name) : undefined;
    if (inner !== undefined) await chownInside(inner, user);
    await lchown(folder.at(entry.name), user.uid, user.gid);
  }
}
