import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh from 'ssh2';

/** The key by which clients know this server; made once, kept with the data. */
export function readHostKey(directory: string): string {
  const path = join(directory, 'ssh_host_key');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) {
    const { private: key } = ssh.utils.generateKeyPairSync('ed25519');
    writeFileSync(path, key, { mode: 0o600, flush: true });
  }
  return readFileSync(path, 'utf8');
}
