/**
 * Starts a program whose files others may read, as far as their folder lets them pass. A program is started before
 * the call that starts it returns: only it has the mask.
 */
export function withUmask<T>(mask: number, start: () => T): T {
  const own = process.umask(mask);
  try {
    return start();
  } finally {
    process.umask(own);
  }
}

/** What tenants' files are made with, and what they are given: `rw-r--r--`, `rwxr-xr-x`. */
export const ORDINARY = 0o022;
