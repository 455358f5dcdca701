import { constants } from 'node:fs';
import type { Dirent } from 'node:fs';
import { chmod, open, opendir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** A name as the disk has it: nobody says that it is text. */
export type Name = string | Buffer;

/**
 * A folder that is held open. Names are looked up in this very folder, one at a time, and no link is followed:
 * whatever is made of the way to it meanwhile, nothing else is reached.
 */
export type HeldFolder = AsyncDisposable & {
  /** The folder itself, for as long as it is held. */
  path: string;
  /** What stands at a name in it, for calls that follow no link that stands there. */
  at(name: Name): Buffer;
  /** What is in it, a few at a time: nobody says how many there are. */
  entries(): AsyncIterable<Dirent<Buffer>>;
  /** The folder at this name; undefined where none is, or none any more. Throws `TooDeep`. */
  enter(name: Name): Promise<HeldFolder | undefined>;
};

/** Each folder on the way is a descriptor. */
export const DEEPEST = 256;

/** Folders are nested deeper than anybody looks. */
export class TooDeep extends Error {
  override readonly name = 'TooDeep';

  constructor() {
    super(`Folders are nested deeper than ${DEEPEST} levels.`);
  }
}

/** Holds whatever is there without opening it, a link for itself (open(2)). Node has no name for it. */
export const JUST_HOLD = 0o10000000 | constants.O_NOFOLLOW;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Where the kernel leads to what a descriptor is of. */
export const pathOf = ({ fd }: Pick<FileHandle, 'fd'>): string => `/proc/self/fd/${fd}`;

/** The folder at a path that nobody else can change but for its last name. Rejects where none is there. */
export const holdFolder = async (path: Name): Promise<HeldFolder> =>
  describe(await open(path, FOLDER), 0);

/** The same for a folder that is held already. */
export const holdAgain = (path: string): Promise<HeldFolder> => holdFolder(`${path}/.`);

/** The same, after its own user was given back what they may do in it, where they had closed it. */
export async function holdOpened(path: Name): Promise<HeldFolder> {
  await using held = await open(path, JUST_HOLD | constants.O_DIRECTORY);
  const { mode } = await held.stat();
  if ((mode & constants.S_IRWXU) !== constants.S_IRWXU)
    await chmod(pathOf(held), (mode & 0o7777) | constants.S_IRWXU);
  return await holdAgain(pathOf(held));
}

function describe(handle: FileHandle, depth: number): HeldFolder {
  const path = `${pathOf(handle)}/.`;
  const at = (name: Name): Buffer => Buffer.concat([Buffer.from(`${path}/`), asName(name)]);
  return {
    path,
    at,
    entries: () => list(path),
    async enter(name) {
      if (depth >= DEEPEST) throw new TooDeep();
      const inner = await open(at(name), FOLDER).catch(undefinedIfNone);
      return inner && describe(inner, depth + 1);
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

const AT_ONCE = 256;

async function* list(path: string): AsyncGenerator<Dirent<Buffer>> {
  const options = { encoding: 'buffer', bufferSize: AT_ONCE } as unknown as { bufferSize: number };
  for await (const entry of await opendir(path, options)) yield entry as unknown as Dirent<Buffer>;
}

/** One name, that leads neither on nor up. */
function asName(name: Name): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.includes('/') || ['', '.', '..'].includes(bytes.toString()))
    throw new Error(`${JSON.stringify(name.toString())} is not a name`);
  return bytes;
}

const NONE: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** For what was there a moment ago, or is something else by now. */
export function undefinedIfNone(error: NodeJS.ErrnoException): undefined {
  if (!NONE.has(error.code)) throw error;
}
