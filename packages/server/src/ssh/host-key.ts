import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh from 'ssh2';

/** The key by which clients know this server; made once, kept with the data. */
export function readHostKey(directory: string): string {
  const path = join(directory, 'ssh_host_key');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) writeFileSync(path, makeKey(), { mode: 0o600, flush: true });
  return readFileSync(path, 'utf8');
}

type Generate = () => string;

const generate: Generate = () => ssh.utils.generateKeyPairSync('ed25519').private;

/** Of one in 256 keys ssh2 leaves out a zero at the beginning (1.17): nobody can read such a key. */
export function makeKey(attempt: Generate = generate): string {
  for (;;) {
    const key = attempt();
    if (!(ssh.utils.parseKey(key) instanceof Error)) return key;
  }
}
