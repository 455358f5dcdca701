import { chmod, chown, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GIT_USER } from './plan-git.ts';

/**
 * Runs before any ref is touched. Its two answers are the product's: master and main deploy, tags
 * are kept, everything else is refused with what to do. Git lives on where the platform dies; a ref that
 * it moved after the platform's next start would be seen by nobody, so it asks whether that is there, and
 * whether what was pushed may stay.
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
if (echo moving >&3) 2> /dev/null && read -r answer <&4; then
  [ "$answer" = go ] && exit 0
  echo "$answer" >&2
  exit 1
fi
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

/** The hooks of all repositories, where git may read and run them, and nobody else. */
export async function writeHooks(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await openToGit(folder);
  for (const [name, text] of [
    ['pre-receive', PRE_RECEIVE],
    ['post-receive', POST_RECEIVE],
  ] as const) {
    const path = join(folder, name);
    if ((await readFile(path, 'utf8').catch(() => undefined)) !== text) {
      await writeFile(`${path}.new`, text);
      await openToGit(`${path}.new`);
      await rename(`${path}.new`, path);
    }
    await openToGit(path);
  }
}

/** Where git is a user of its own, by that user's group. */
async function openToGit(path: string): Promise<void> {
  if (process.geteuid?.() === 0) await chown(path, 0, GIT_USER);
  await chmod(path, 0o750);
}
