import { readFile, rename, writeFile } from 'node:fs/promises';
import type { OwnerId } from '../../../lib/ids.ts';
import { createSerialQueue } from '../serial-queue.ts';

/**
 * Images that were pulled with a login, and the owners who could: the engine has them for everybody, its
 * registry has not. Known by their ids, whatever they are called.
 */
export function createPrivateImages(path: string) {
  const inTurn = createSerialQueue();
  const read = async (): Promise<Record<string, readonly OwnerId[]>> => {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as Record<string, readonly OwnerId[]>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
  };
  return {
    /** Whether the owner may build on the image as it is here. */
    async mayUse(imageId: string, owner: OwnerId): Promise<boolean> {
      const owners = (await read())[imageId];
      return owners === undefined || owners.includes(owner);
    },
    /** The owner has it from its registry, with a login of theirs. */
    note: (imageId: string, owner: OwnerId): Promise<void> =>
      inTurn(async () => {
        const known = await read();
        const owners = [...new Set([...(known[imageId] ?? []), owner])];
        await writeFile(`${path}.new`, JSON.stringify({ ...known, [imageId]: owners }), {
          mode: 0o600,
        });
        await rename(`${path}.new`, path);
      }),
  };
}

export type PrivateImages = ReturnType<typeof createPrivateImages>;
