import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MIB = 2 ** 20;

/**
 * Where the steps of BuildKit are, all builds' together: the engine (as of Docker 20.10) gives a build no group of
 * its own. Control groups of the second version, and of the first.
 */
const GROUPS = [
  {
    of: '/sys/fs/cgroup/cgroup.controllers',
    folder: '/sys/fs/cgroup/docker/buildkit',
    file: 'memory.max',
    none: 'max',
  },
  {
    of: '/sys/fs/cgroup/memory',
    folder: '/sys/fs/cgroup/memory/docker/buildkit',
    file: 'memory.limit_in_bytes',
    none: '-1',
  },
];

/** Lets go of the memory that a build was given. */
export type Release = () => Promise<void>;

/**
 * Holds the steps of all of BuildKit's builds to what those under way may use together. Answers with nothing
 * where this user may not: then nothing holds them.
 */
export function createBuildKitHold() {
  const given = new Map<symbol, number>();
  const apply = async (): Promise<boolean> => {
    const group = GROUPS.find(({ of }) => existsSync(of));
    if (group === undefined) return false;
    const sum = [...given.values()].reduce((all, one) => all + one, 0);
    try {
      await mkdir(group.folder, { recursive: true });
      await writeFile(join(group.folder, group.file), sum === 0 ? group.none : String(sum * MIB));
      return true;
    } catch {
      return false;
    }
  };
  return async (memoryMiB: number): Promise<Release | undefined> => {
    const build = Symbol('build');
    given.set(build, memoryMiB);
    const release = async (): Promise<void> => {
      given.delete(build);
      await apply();
    };
    if (await apply()) return release;
    given.delete(build);
    return undefined;
  };
}

export type BuildKitHold = ReturnType<typeof createBuildKitHold>;
