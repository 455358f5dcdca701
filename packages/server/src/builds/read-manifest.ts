import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { readBeneath, resolveBeneath } from '../lib/resolve-beneath.ts';
import { farthest } from './reach.ts';
import type { Reach } from './reach.ts';
import type { Dependencies, Manifest, References, Seen, Variables } from './recipe.ts';

const MOST_FILES = 100;
/** Where more names are in a path, it is not followed. */
const LONGEST_PATH = 500;
const LARGEST_FILE = 4 * 1024 * 1024;

type Asked = Pick<Dependencies, 'path' | 'references' | 'settings' | 'decidedBy' | 'drawnIn'>;

/**
 * The file that lists a folder's dependencies with everything that it and the user's settings name, or undefined
 * where it is not there.
 */
export async function readManifest(
  tree: string,
  dependencies: Asked,
  { seen, user }: { seen: Seen; user: Variables },
): Promise<Manifest | undefined> {
  const hash = createHash('sha256');
  const add = (name: string, text: Buffer | string): unknown =>
    hash.update(`${name}\0${text.length}\0`).update(text);
  const first = posix.join(seen.folder, dependencies.path);
  const settings = Object.entries(user).filter(([name]) => dependencies.decidedBy.test(name));
  const found = [dependencies.drawnIn(Object.fromEntries(settings), seen)];
  const queue = new Set([first, ...(found[0]?.files ?? [])]);
  for (const path of queue) {
    const bytes = found.length > MOST_FILES ? 'elsewhere' : await readList(tree, path);
    if (path === first && bytes === 'missing') return undefined;
    add(path, bytes);
    const read = typeof bytes === 'string' ? UNREAD[bytes] : undefined;
    const drawn = read ?? dependencies.references({ path, bytes: Buffer.from(bytes) }, seen);
    found.push(drawn);
    for (const file of drawn.files) queue.add(file);
    if (found.length > MOST_FILES + 1) break;
  }
  for (const { path, bytes, reach } of await readSettings(tree, dependencies.settings, seen)) {
    add(path, bytes);
    found.push({ files: [], reach, variables: [] });
  }
  return {
    digest: hash.digest('hex'),
    reach: farthest(found.map(({ reach }) => reach)),
    variables: [...new Set(found.flatMap(({ variables }) => variables))].toSorted(),
  };
}

/** An installer that wants what is missing fails; what is elsewhere it reads, unlike us. */
const UNREAD: Readonly<Record<'missing' | 'elsewhere', References>> = {
  missing: { files: [], reach: 'packages', variables: [] },
  elsewhere: { files: [], reach: 'unknown', variables: [] },
};

async function readList(tree: string, path: string): Promise<Buffer | 'missing' | 'elsewhere'> {
  if (path.length > LONGEST_PATH) return 'elsewhere';
  await using found = await resolveBeneath(tree, path);
  if (found.is === 'missing') return 'missing';
  return (await readBeneath(tree, path, LARGEST_FILE)) ?? 'elsewhere';
}

/** From the folder up to the root of the tree. */
async function readSettings(
  tree: string,
  settings: Dependencies['settings'],
  seen: Seen,
): Promise<{ path: string; bytes: Buffer; reach: Reach }[]> {
  const found: { path: string; bytes: Buffer; reach: Reach }[] = [];
  for (let at = seen.folder; ; at = posix.dirname(at)) {
    for (const { name, read } of settings) {
      const path = posix.join(at, name);
      const bytes = await readList(tree, path);
      if (bytes === 'missing') continue;
      const text = typeof bytes === 'string' ? '' : bytes.toString('utf8');
      const reach = bytes === 'elsewhere' ? 'unknown' : read(text, seen);
      if (reach !== undefined) found.push({ path, bytes: Buffer.from(bytes), reach });
    }
    if (at === '' || at === '.') return found;
  }
}
