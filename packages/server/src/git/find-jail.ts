import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { planGit } from './plan-git.ts';
import type { GitPlan, Jail } from './plan-git.ts';

/** Whether a program ends well that is started so. */
export type Try = (plan: GitPlan) => Promise<boolean>;

/** What git is kept in on this machine: the first that works, the strongest first. */
export async function findJail(root: string, works: Try): Promise<Jail> {
  const isRoot = process.geteuid?.() === 0;
  const sandbox = [...describeSandbox(), '--unshare-pid', ...(isRoot ? [] : ['--unshare-user'])];
  const canBeOther = isRoot && isReachable(root);
  const candidates: Jail[] = [
    { ownUser: isRoot, sandbox: [...sandbox, '--unshare-net'], limits: true },
    { ownUser: isRoot, sandbox, limits: true },
    { ownUser: canBeOther, sandbox: undefined, limits: true },
    { ownUser: canBeOther, sandbox: undefined, limits: false },
  ];
  const place = { repository: '/usr', hooks: '/usr' };
  for (const jail of candidates)
    if (await works(planGit(jail, place, { args: ['version'] }))) return jail;
  return { ownUser: false, sandbox: undefined, limits: false };
}

/** What an operator should know of a jail that is not whole. */
export function warnOf({ sandbox, ownUser, limits }: Jail): string[] {
  if (sandbox !== undefined) return [];
  const who = ownUser ? 'a user of its own' : 'the platform’s own user';
  const held = limits ? '' : ' and without limits';
  return [
    `Git works on what is pushed as ${who}, without a sandbox${held}: apt-get install bubblewrap util-linux`,
  ];
}

/** The programs of this machine and nothing else of it: no other process, no file of anybody's. */
function describeSandbox(): string[] {
  const linked = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap(bindProgram);
  const more = ['/etc/ld.so.cache', '/etc/alternatives'].flatMap((one) => [
    '--ro-bind-try',
    one,
    one,
  ]);
  const folders = ['/dev', '/etc'].flatMap((one) => ['--perms', '0755', '--dir', one]);
  const devices = ['/dev/null', '/dev/urandom'].flatMap((one) => ['--dev-bind', one, one]);
  return ['--ro-bind', '/usr', '/usr', ...linked, ...folders, ...more, ...devices];
}

function bindProgram(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  return found.isSymbolicLink() ? ['--symlink', `usr${path}`, path] : ['--ro-bind', path, path];
}

/** Whether everybody may pass through to a folder. */
function isReachable(path: string): boolean {
  const passes = ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o001) !== 0;
  return passes && (path === '/' || isReachable(dirname(path)));
}
