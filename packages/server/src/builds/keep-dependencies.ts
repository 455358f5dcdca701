import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Work } from '../workloads/engine.ts';
import { SYSTEM_PATH } from './platform-variables.ts';

/**
 * Makes the copy, in the sandbox of the first step that may add to it, where that does not see them uncopied; with its
 * times, by which Python knows what it compiled.
 */
export const copyDependencies = (sealed: string): Command => ({
  name: 'copying the dependencies',
  argv: ['/bin/sh', '-c', COPY, 'copy', sealed],
});

const COPY =
  '[ -n "$(ls -A /opt/env)" ] || exec cp -R --no-dereference --preserve=mode,timestamps,links --reflink=auto "$1/." /opt/env';

/** Makes it when the step is over, if that changed what it saw uncopied. */
export const keepingDependencies = (work: Work, sealed: string): Work =>
  'argv' in work && !('image' in work)
    ? { ...work, argv: ['/bin/sh', '-c', KEEP, 'keep', PROGRAM, sealed, ...work.argv] }
    : work;

const PROGRAM = readFileSync(join(import.meta.dirname, 'keep_dependencies.py'), 'utf8');

const KEEP = `program=$1 sealed=$2; shift 2
trap : TERM
"$@" || exit
[ -d /opt/env.kept ] || exit 0
PATH=${SYSTEM_PATH} exec python3 -I -c "$program" /opt/env "$sealed" /opt/env.kept`;
