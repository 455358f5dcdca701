import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { Header, Pack } from 'tar-stream';
import type { Ignore, Verdict } from './dockerignore.ts';

export type ArchiveOptions = {
  /** What is left out. */
  ignore?: Ignore | undefined;
  /** Paths in the folder that are sent though they are ignored. */
  always?: readonly string[];
  /** The folder's place in the archive, with an entry of its own: `home/app`. */
  prefix?: string;
  /** Whose everything is there; root's unless it is said. */
  uid?: number;
  gid?: number;
};

/**
 * A folder as a tar archive, sorted, with links as links, modes and times as they are. Links are never
 * followed; sockets, pipes and devices are left out. A file of any size passes in small pieces. Neither
 * builder's cache looks at times, so a fresh checkout of the same files is the same context.
 */
export function archiveFolder(folder: string, options: ArchiveOptions = {}): Readable {
  const archive = pack();
  fill(archive, { folder, options }).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return Readable.from(archive, { objectMode: false });
}

type Source = { folder: string; options: ArchiveOptions };

async function fill(archive: Pack, source: Source): Promise<void> {
  if (source.options.prefix !== undefined) await add(archive, source, '');
  await addFolder(archive, source, { path: '', verdict: undefined });
}

type Place = { path: string; verdict: Verdict | undefined };

async function addFolder(archive: Pack, source: Source, { path, verdict }: Place): Promise<void> {
  const { ignore, always = [] } = source.options;
  const children = await readdir(join(source.folder, path), { withFileTypes: true });
  for (const child of children.toSorted(byName)) {
    const childPath = path === '' ? child.name : `${path}/${child.name}`;
    const decided = ignore?.decide(childPath, verdict);
    const ignored = decided?.ignored === true && !always.includes(childPath);
    if (!ignored) await add(archive, source, childPath);
    const leadsOn = always.some((one) => one.startsWith(`${childPath}/`));
    if (child.isDirectory() && (!ignored || ignore?.takesBack === true || leadsOn))
      await addFolder(archive, source, { path: childPath, verdict: decided });
  }
}

const byName = (one: { name: string }, other: { name: string }): number =>
  one.name < other.name ? -1 : 1;

async function add(archive: Pack, { folder, options }: Source, path: string): Promise<void> {
  const { prefix = '', uid = 0, gid = 0 } = options;
  const at = join(folder, path);
  const { mode, mtime } = await lstat(at);
  const name = join(prefix, path);
  const header = { name, mode: mode & 0o7777, mtime, uid, gid };
  const kind = mode & constants.S_IFMT;
  if (kind === constants.S_IFDIR)
    await put(archive, { ...header, name: `${name}/`, type: 'directory' });
  else if (kind === constants.S_IFLNK)
    await put(archive, { ...header, type: 'symlink', linkname: await readlink(at) });
  else if (kind === constants.S_IFREG) await putFile(archive, header, at);
}

type Entry = Partial<Header> & Pick<Header, 'name'>;

/** What has no content is in the archive as soon as it is its turn. */
const put = (archive: Pack, entry: Entry): Promise<void> =>
  new Promise((resolve, reject) => {
    archive.entry(entry, (error) => (error ? reject(error) : resolve()));
  });

/** As many bytes as the file has when it is opened, though it may grow. */
async function putFile(archive: Pack, entry: Entry, at: string): Promise<void> {
  await using file = await open(at, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { size } = await file.stat();
  if (size === 0) {
    archive.entry({ ...entry, type: 'file' }, '');
    return;
  }
  const content = file.createReadStream({ end: size - 1, autoClose: false });
  await pipeline(content, archive.entry({ ...entry, type: 'file', size }));
}
