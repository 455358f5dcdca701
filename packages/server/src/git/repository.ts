import { existsSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ApplicationId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import { git } from './run-git.ts';

/** A pack may be this large; model weights belong into an add-on. */
const LARGEST_PUSH = 2 * 1024 ** 3;

export const branches = ['refs/heads/master', 'refs/heads/main'] as const;

/**
 * Runs before any ref is touched. Its two answers are the product's: master and main deploy, tags
 * are kept, everything else is refused with what to do. Git lives on where the platform dies; a ref that
 * it moved after the platform's next start would be seen by nobody, so it asks whether that is there.
 */
const PRE_RECEIVE = `#!/bin/sh
while read -r old new ref; do
  case $ref in
    refs/heads/master|refs/heads/main)
      case $new in
        *[!0]*) ;;
        *) echo "The branch $ref is what is deployed: it cannot be deleted." >&2; exit 1;;
      esac;;
    refs/tags/*) ;;
    *)
      echo "You pushed $ref, and only master and main are deployed here." >&2
      echo "Push your branch as one of them: git push <remote> \${ref#refs/heads/}:master" >&2
      exit 1;;
  esac
done
{ true >&3; } 2> /dev/null || exit 0
(echo moving >&3) 2> /dev/null && exit 0
echo "The platform went away while you pushed: push again." >&2
exit 1
`;

/**
 * Runs when refs have moved: tells the platform, and the pusher what the platform says. Nobody answers
 * where the platform is gone; it then finds the moved refs at its start.
 */
const POST_RECEIVE = `#!/bin/sh
cat > /dev/null
{ echo moved >&3; } 2> /dev/null && exec 3>&- && cat <&4
exit 0
`;

/** Flaws that old but honest histories have; everything else that git finds is refused. */
const HARMLESS = ['badTimezone', 'missingSpaceBeforeDate', 'zeroPaddedFilemode'];

/** Written behind what `git init` found out about the machine, in one go: a process for each would take long. */
const SETTINGS = `[receive]
	fsckObjects = true
	maxInputSize = ${LARGEST_PUSH}
	denyDeletes = false
	denyNonFastForwards = false
	shallowUpdate = false
[receive "fsck"]
${HARMLESS.map((flaw) => `	${flaw} = ignore\n`).join('')}[core]
	hooksPath = hooks
	# larger files are streamed, not held in memory
	bigFileThreshold = 32m
[gc]
	# after a push git packs what has come, and keeps every commit that was ever deployed
	auto = 256
	cruftPacks = true
	pruneExpire = never
`;

/** The application's bare repository; making it twice is fine. */
export async function createRepository(paths: DataPaths, id: ApplicationId): Promise<void> {
  const path = paths.repository(id);
  if (existsSync(path)) return;
  const partial = `${path}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await git(['init', '--quiet', '--bare', '--template=', '--initial-branch=master', '--', partial]);
  await appendFile(join(partial, 'config'), SETTINGS);
  await mkdir(join(partial, 'hooks'));
  await writeFile(join(partial, 'hooks', 'pre-receive'), PRE_RECEIVE, { mode: 0o755 });
  await writeFile(join(partial, 'hooks', 'post-receive'), POST_RECEIVE, { mode: 0o755 });
  await rename(partial, path);
}

/** The commits of the branches that deploy, by ref. */
export async function readHeads(
  paths: DataPaths,
  id: ApplicationId,
): Promise<{ ref: string; commitId: string; at: number }[]> {
  const format = '%(refname) %(objectname) %(committerdate:unix)';
  const dir = ['--git-dir', paths.repository(id)];
  const text = await git([...dir, 'for-each-ref', `--format=${format}`, ...branches]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [ref = '', commitId = '', at = ''] = line.split(' ');
      return { ref, commitId, at: Number(at) };
    });
}

const COMMIT = /^[0-9a-f]{40}$/;

/** A full commit id, and nothing that git would read as something else. */
export const demandCommit = (commitId: string): string => {
  if (COMMIT.test(commitId)) return commitId;
  throw new Error(`${JSON.stringify(commitId)} is no commit id`);
};

/** The id of a commit's tree. */
export async function treeId(
  paths: DataPaths,
  { applicationId, commitId }: { applicationId: ApplicationId; commitId: string },
): Promise<string> {
  const dir = ['--git-dir', paths.repository(applicationId)];
  const wanted = `${demandCommit(commitId)}^{tree}`;
  return (await git([...dir, 'rev-parse', '--verify', '--end-of-options', wanted])).trim();
}

/** Whether the repository holds this commit. */
export const hasCommit = (
  paths: DataPaths,
  { applicationId, commitId }: { applicationId: ApplicationId; commitId: string },
): Promise<boolean> =>
  treeId(paths, { applicationId, commitId }).then(
    () => true,
    () => false,
  );

/** Writes the tree of a commit into `into`, without the repository itself. */
export async function checkout(
  paths: DataPaths,
  from: { applicationId: ApplicationId; commitId: string; into: string },
  signal: AbortSignal,
): Promise<void> {
  const index = `${from.into}.index`;
  const dir = ['--git-dir', paths.repository(from.applicationId)];
  const tree = ['--work-tree', from.into, '-c', `core.worktree=${from.into}`];
  try {
    const commit = demandCommit(from.commitId);
    await gitWithIndex(index, [...dir, 'read-tree', `${commit}^{tree}`], signal);
    await gitWithIndex(index, [...dir, ...tree, 'checkout-index', '--all', '--force'], signal);
  } finally {
    await rm(index, { force: true });
  }
}

const gitWithIndex = (index: string, args: readonly string[], signal: AbortSignal) =>
  git(['-c', 'core.bare=false', ...args], signal, { GIT_INDEX_FILE: index });
