import { posix } from 'node:path';
import { DEEPEST } from '../lib/held-folder.ts';
import type { Failure } from './recipe.ts';

/** `true`, `1`, `yes` and `on` turn an option on. */
export const isOn = (value: string | undefined): boolean =>
  /^(true|1|yes|on)$/i.test(value?.trim() ?? '');

/** `false`, `0`, `no` and `off` turn one off that is on by itself. */
export const isOff = (value: string | undefined): boolean =>
  /^(false|0|no|off)$/i.test(value?.trim() ?? '');

/** As paths of commits are. */
const LONGEST = 2048;

/** A path that stays inside the tree, normalized; `.` is nothing. */
export function insideTree(setting: string, value: string): string | Failure {
  const path = posix.normalize(value.trim() === '' ? '.' : value.trim()).replace(/\/$/, '');
  if (path === '.') return '';
  if (Buffer.byteLength(path) > LONGEST || path.split('/').length > DEEPEST)
    return {
      reason: 'invalid_variable',
      detail: `${setting}: a path has at most ${LONGEST} bytes and ${DEEPEST} names.`,
    };
  if (!path.startsWith('/') && path !== '..' && !path.startsWith('../') && !path.includes('\0'))
    return path;
  return {
    reason: 'invalid_variable',
    detail: `${setting}=${value}: the path must be relative and stay inside the repository.`,
  };
}
