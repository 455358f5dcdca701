import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder with these files, until the test is over; `-> there` is a link. */
export async function treeOf(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'grid-tree-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) await write(join(root, path), text);
  return root;
}

async function write(path: string, text: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (typeof text === 'string' && text.startsWith('-> ')) await symlink(text.slice(3), path);
  else await writeFile(path, text);
}
