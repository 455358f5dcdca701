import { constants } from 'node:fs';
import type { Dirent } from 'node:fs';
import { lstat, open, readlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { Header, Pack } from 'tar-stream';
import { createGrowthCount } from '../../../lib/count-growth.ts';
import { holdFolder } from '../../../lib/held-folder.ts';
import type { HeldFolder } from '../../../lib/held-folder.ts';
import type { Ignore, Verdict } from '../dockerfile/dockerignore.ts';
import { isRaw, rawHeader } from './raw-names.ts';

export type ArchiveOptions = {
  /** What is left out. */
  ignore?: Ignore | undefined;
  /** Paths in the folder that are sent though they are ignored. */
  always?: readonly string[];
  /** A file that is sent in place of the one that is there, if one is. */
  instead?: { path: string; text: string };
  /** The folder's place in the archive, with an entry of its own: `home/app`. */
  prefix?: string;
  /** Whose everything is there; root's unless it is said. */
  uid?: number;
  gid?: number;
  /** How many bytes more it may be than what is archived: `Grown` says so. */
  mostGrowth?: number;
};

/**
 * A folder as a tar archive, sorted, with links as links, modes and times as they are. Links are never
 * followed; sockets, pipes and devices are left out. A file of any size passes in small pieces. Names are bytes. Neither
 * builder's cache looks at times, so a fresh checkout of the same files is the same context.
 */
export function archiveFolder(folder: string, options: ArchiveOptions = {}): Readable {
  const archive = pack();
  fill({ archive, options, count: createGrowthCount(options.mostGrowth) }, folder).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return Readable.from(archive, { objectMode: false });
}

type Job = {
  archive: Pack;
  options: ArchiveOptions;
  count: ReturnType<typeof createGrowthCount>;
};

const ROOT: Entry = { name: './', type: 'directory', mode: 0o755, mtime: new Date(0) };

async function fill(job: Job, path: string): Promise<void> {
  await using folder = await holdFolder(path);
  const { prefix, instead } = job.options;
  // engines take what does not begin with a plain entry, such as one of a name that is not ASCII, for no archive
  if (instead !== undefined) await put(job.archive, ROOT);
  if (prefix !== undefined) await add(job, Buffer.from(folder.path), NOTHING);
  await addFolder(job, folder, { path: NOTHING, verdict: undefined });
  // the last, since of two of one name the later holds
  if (instead !== undefined) job.archive.entry({ name: instead.path, mode: 0o644 }, instead.text);
}

const NOTHING = Buffer.alloc(0);

type Place = { path: Buffer; verdict: Verdict | undefined };

async function addFolder(job: Job, folder: HeldFolder, { path, verdict }: Place): Promise<void> {
  const { ignore, always = [] } = job.options;
  for (const child of await sortedEntries(folder)) {
    const childPath = joinNames(path, child.name);
    const text = childPath.toString();
    const decided = ignore?.decide(text, verdict);
    const ignored = decided?.ignored === true && !always.includes(text);
    if (!ignored) await add(job, folder.at(child.name), childPath);
    const leadsOn = always.some((one) => one.startsWith(`${text}/`));
    if (!child.isDirectory() || (ignored && ignore?.takesBack !== true && !leadsOn)) continue;
    await using inner = await folder.enter(child.name);
    if (inner !== undefined) await addFolder(job, inner, { path: childPath, verdict: decided });
  }
}

async function sortedEntries(folder: HeldFolder): Promise<Dirent<Buffer>[]> {
  const entries: Dirent<Buffer>[] = [];
  for await (const entry of folder.entries()) entries.push(entry);
  return entries.toSorted(byName);
}

const byName = (one: { name: Buffer }, other: { name: Buffer }): number =>
  Buffer.compare(one.name, other.name);

const joinNames = (folder: Buffer, name: Buffer): Buffer =>
  Buffer.concat(
    folder.length === 0 ? [name] : name.length === 0 ? [folder] : [folder, SLASH, name],
  );

const SLASH = Buffer.from('/');

async function add({ archive, options, count }: Job, at: Buffer, path: Buffer): Promise<void> {
  const { prefix = '', uid = 0, gid = 0, instead } = options;
  if (instead?.path === path.toString()) return;
  const { mode, mtime } = await lstat(at);
  const name = joinNames(Buffer.from(prefix), path);
  const header = { mode: mode & 0o7777, mtime, uid, gid };
  const kind = mode & constants.S_IFMT;
  if (kind === constants.S_IFDIR) {
    const named = nameEntry(archive, Buffer.concat([name, SLASH]));
    await put(archive, { ...header, ...named, type: 'directory' });
  } else if (kind === constants.S_IFLNK) {
    const named = nameEntry(archive, name, await readlink(at, 'buffer'));
    await put(archive, { ...header, ...named, type: 'symlink' });
  } else if (kind === constants.S_IFREG)
    await putFile({ archive, count }, { ...header, ...nameEntry(archive, name) }, at);
}

type Entry = Partial<Header> & Pick<Header, 'name'>;

/** What the next entry is called, and leads to; where that is no text, a header of its own says it before. */
function nameEntry(archive: Pack, name: Buffer, target?: Buffer): Pick<Entry, 'name' | 'linkname'> {
  if (!isRaw(name) && (target === undefined || !isRaw(target)))
    return { name: name.toString(), ...(target && { linkname: target.toString() }) };
  archive.push(rawHeader({ path: name, linkpath: target }));
  return { name: IN_HEADER, ...(target && { linkname: IN_HEADER }) };
}

const IN_HEADER = 'see-header-before';

/** What has no content is in the archive as soon as it is its turn, and what has some when it is taken. */
const put = (archive: Pack, entry: Entry, content?: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (content === undefined) archive.entry(entry, done);
    else archive.entry(entry, content, done);
  });

/** As many bytes as the file has when it is opened, though it may grow. */
async function putFile(
  { archive, count }: Pick<Job, 'archive' | 'count'>,
  entry: Entry,
  at: Buffer,
): Promise<void> {
  await using file = await open(at, NOT_WAITING);
  const stats = await file.stat();
  count(stats);
  const { size } = stats;
  if (size === 0) return await put(archive, { ...entry, type: 'file' }, '');
  const content = file.createReadStream({ end: size - 1, autoClose: false });
  await pipeline(content, archive.entry({ ...entry, type: 'file', size }));
}

/** A pipe has come in place of the file at worst: nobody waits for who writes into it. */
const NOT_WAITING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
