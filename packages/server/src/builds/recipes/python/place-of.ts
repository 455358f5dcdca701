import { posix } from 'node:path';
import type { Reach } from '../../reach.ts';
import type { Seen } from '../../recipe.ts';

/** Where something is that a list or a setting names: on the network, in the tree, or where nobody here can look. */
export type Place = { is: 'remote' } | { is: 'inside'; paths: string[] } | { is: 'elsewhere' };

const REMOTE = /^(?:(?:git|hg|svn|bzr)\+(?!file:)|(?:https?|ftps?|ssh|git|s3|gs):)/i;
const FILE = /^(?:\w+\+)?file:(?:\/\/(?:localhost(?=\/))?)?([^?#]*)/i;

/** What is relative is so to a folder of the tree. Behind a link, `..` leads elsewhere than it says: both count. */
export function placeOf(value: string, from: string, { home }: Pick<Seen, 'home'>): Place {
  if (REMOTE.test(value)) return { is: 'remote' };
  const path = pathIn(value);
  if (path === undefined || path.includes('\0')) return { is: 'elsewhere' };
  const whole = path.startsWith('/') ? path : posix.join(home, from) + `/${path}`;
  const normal = posix.normalize(whole);
  if (normal !== home && !normal.startsWith(`${home}/`)) return { is: 'elsewhere' };
  const told = path.startsWith('/') || !path.includes('..') ? [] : [`${from}/${path}`];
  return { is: 'inside', paths: [normal.slice(home.length + 1), ...told] };
}

/** Undefined for an address of any other kind. */
function pathIn(value: string): string | undefined {
  const [, escaped] = FILE.exec(value) ?? [];
  if (escaped !== undefined) return decodeEscapes(escaped);
  return /^[a-z][a-z0-9+.-]*:|^~/i.test(value) ? undefined : value;
}

function decodeEscapes(escaped: string): string | undefined {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}

/** How far the installation of something reaches that is there. */
export const REACH: Readonly<Record<Place['is'], Reach>> = {
  remote: 'packages',
  inside: 'tree',
  elsewhere: 'unknown',
};
