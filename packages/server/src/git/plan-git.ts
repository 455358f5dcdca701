import { ORDINARY } from '../lib/with-umask.ts';

/** How much a git process may take of this machine, whatever the objects are that it works on. */
const LIMITS = { as: 1024 ** 3, cpu: 600, nofile: 1024, core: 0 };
/** Of all processes of git's own user together. */
const MOST_PROCESSES = 512;
/** A file that git writes: a pack, or one of a tree. */
const LARGEST_FILE = 4 * 1024 ** 3;

/** Git's own user where the platform is root's: below those of applications, and nobody's account. */
export const GIT_USER = 1_999_999;

/** What keeps git from the rest of this machine: a sandbox of its own, or a user id of its own, or neither. */
export type Jail = {
  /** Whether git runs as a user of its own, which only root can arrange. */
  ownUser: boolean;
  /** What it sees of the machine besides what it works on; undefined without a sandbox. */
  sandbox: readonly string[] | undefined;
  limits: boolean;
};

/** What git works on: paths of this machine. */
export type Place = {
  repository: string;
  /** Hooks that it runs; the platform's. */
  hooks: string;
  /** A folder that it writes a tree into, and the name of an index in the repository. */
  tree?: string | undefined;
  index?: string | undefined;
};

export type GitPlan = {
  argv: readonly [string, ...string[]];
  cwd: string;
  user: number | undefined;
  /** What it writes is closed to others, but for trees: their files are as open as files of programs are. */
  umask: number;
  environment: Readonly<Record<string, string>>;
};

/** A program and its arguments by which git, or `program`, works on a repository in its jail. */
export function planGit(
  jail: Jail,
  place: Place,
  { program = ['git'], args }: { program?: readonly string[]; args: readonly string[] },
): GitPlan {
  const { sandbox, ownUser } = jail;
  const seen = inside(jail, place);
  const wanted = [...program, ...(program[0] === 'git' ? settings(seen) : []), ...args];
  const limited = jail.limits ? ['prlimit', ...limitsOf(jail), '--'] : [];
  const { index } = place;
  const umask = place.tree === undefined ? CLOSED : ORDINARY;
  const environment: GitPlan['environment'] =
    index === undefined ? {} : { GIT_INDEX_FILE: `${seen.repository}/${index}` };
  if (sandbox === undefined) {
    const argv = [...limited, ...wanted] as [string, ...string[]];
    const user = ownUser ? GIT_USER : undefined;
    return { argv, cwd: place.repository, user, umask, environment };
  }
  const drop = ownUser ? DROP : [];
  const argv = [...limited, 'bwrap', ...sandbox, ...bindings(place), '--', ...drop, ...wanted];
  return { argv: argv as [string, ...string[]], cwd: '/', user: undefined, umask, environment };
}

const CLOSED = 0o077;

const user = String(GIT_USER);
const RIGHTS = '--clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all';
const DROP = ['setpriv', `--reuid=${user}`, `--regid=${user}`, ...RIGHTS.split(' '), '--'];

const limitsOf = ({ ownUser }: Jail): string[] =>
  Object.entries({
    ...LIMITS,
    fsize: LARGEST_FILE,
    ...(ownUser && { nproc: MOST_PROCESSES }),
  }).map(([name, value]) => `--${name}=${value}`);

const INSIDE = { repository: '/repository', hooks: '/hooks', tree: '/tree' };

const bindings = ({ repository, hooks, tree }: Place): string[] => {
  const always = ['--bind', repository, INSIDE.repository, '--ro-bind', hooks, INSIDE.hooks];
  const written = tree === undefined ? [] : ['--bind', tree, INSIDE.tree];
  return [...always, ...written, '--chdir', INSIDE.repository];
};

const inside = ({ sandbox }: Jail, place: Place): Place =>
  sandbox === undefined
    ? place
    : { ...INSIDE, tree: place.tree === undefined ? undefined : INSIDE.tree };

/** Weaker than nothing: what a repository's own configuration says of these does not count. */
function settings({ hooks, tree }: Place): string[] {
  const values = {
    'safe.directory': '*',
    'core.hooksPath': hooks,
    'core.fsmonitor': 'false',
    'core.packedGitWindowSize': '32m',
    'core.packedGitLimit': '256m',
    // larger files are streamed, not held in memory
    'core.bigFileThreshold': '32m',
    'pack.threads': '1',
    'pack.windowMemory': '128m',
    'pack.deltaCacheSize': '64m',
    'index.threads': '1',
    'checkout.workers': '1',
    // what comes is kept as it came: as loose objects it would be larger
    'transfer.unpackLimit': '1',
    ...(tree !== undefined && { 'core.bare': 'false', 'core.worktree': tree }),
  };
  const given = Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['--git-dir', '.', ...(tree === undefined ? [] : ['--work-tree', tree]), ...given];
}
