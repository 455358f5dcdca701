import { posix } from 'node:path';
import type { Command } from '../workloads/engine.ts';
import type { Failure, Variables } from './recipe.ts';
import { isOn } from './values.ts';

/** What else of a build the next one begins with, beside what package managers download. */
export type CachedPaths = {
  /** Before anything is built; afresh, it forgets what was kept. */
  restore(order: { afresh: boolean }): Command;
  /** When all is built. */
  save: Command;
  /** In each step: folders of the home, which is another in each, lead to where they are kept. */
  link: Command;
};

/** Undefined where nothing else is to be kept. */
export function planCachedPaths(variables: Variables): CachedPaths | Failure | undefined {
  const name = 'CC_CACHE_DEPENDENCIES_EXTRA_PATHS';
  const value = variables[name]?.trim() ?? '';
  if (value === '' || !isOn(variables['CC_CACHE_DEPENDENCIES'])) return undefined;
  const paths = value
    .split(':')
    .filter((path) => path.trim() !== '')
    .map((path) => posix.normalize(path.trim()).replace(/\/$/, ''));
  const refused = paths.find((path) => /^(\/|\.?$|\.\.$|\.\.\/\.\.(\/|$))/.test(path));
  if (refused !== undefined)
    return {
      reason: 'invalid_variable',
      detail: `${name}=${value}: paths must be relative, and leave the application's folder by one "../" at most.`,
    };
  const inTree = paths.filter((path) => !path.startsWith('../'));
  const inHome = paths.filter((path) => path.startsWith('../')).map((path) => path.slice(3));
  const command = (script: string, words: readonly string[]): Command => ({
    name,
    argv: ['/bin/sh', '-c', `${PLACES}${script}`, 'cache', ...words],
  });
  return {
    restore: ({ afresh }) => command(afresh ? FORGET : RESTORE, inTree),
    save: command(SAVE, inTree),
    link: command(LINK, inHome),
  };
}

/** One archive: a part of it is worth nothing. */
const PLACES = `cd "$APP_HOME" && own=\${XDG_CACHE_HOME:-$HOME/.cache}/extra && mkdir -p "$own" || exit
`;
const FORGET = 'rm -rf "$own"/*';
const RESTORE =
  '[ ! -e "$own/paths.tar" ] || tar -xf "$own/paths.tar" || echo "What was kept of the last build cannot be read, and is left out."';
const SAVE = `for path do shift; [ ! -e "$path" ] || set -- "$@" "$path"; done
[ $# -eq 0 ] || { tar -cf "$own/paths.tar.new" -- "$@" && mv "$own/paths.tar.new" "$own/paths.tar"; }`;
const LINK = `for path do
  mkdir -p "$own/home/$path" "$HOME/$(dirname "$path")" && ln -sfn "$own/home/$path" "$HOME/$path" || exit
done`;
