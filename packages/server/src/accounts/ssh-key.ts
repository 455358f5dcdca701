import { createHash } from 'node:crypto';
import { isUnprintable } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';

export type SshKey = {
  type: string;
  /** base64 of the wire form (RFC 4253 §6.6). */
  key: string;
  /** As `ssh-keygen -l` prints it. */
  fingerprint: string;
  comment: string;
};

const TYPES = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
];

const refuse = (why: string): never => {
  throw new Refusal('invalid_key', `This is not a public key that works here: ${why}.`, {
    key: why,
  });
};

/** The key of a line such as `ssh-ed25519 AAAA… comment`. Refuses what the SSH server cannot use. */
export function parseSshKey(line: string): SshKey {
  const [type = '', key = '', ...comment] = line.trim().split(/\s+/);
  if (line.includes('PRIVATE KEY')) refuse('it is the private key; give the .pub file');
  if (type.startsWith('sk-'))
    refuse('keys on security tokens (FIDO) are not supported by our SSH server; use ed25519');
  if (!TYPES.includes(type)) refuse(`its type must be one of ${TYPES.join(', ')}`);
  const wire = Buffer.from(key, 'base64');
  const length = wire.length >= 4 ? wire.readUInt32BE(0) : 0;
  if (wire.subarray(4, 4 + length).toString('latin1') !== type || wire.length > 4096)
    refuse('it is damaged: copy the whole line of the .pub file');
  if (isUnprintable(comment.join(' '))) refuse('its comment holds control characters');
  return {
    type,
    key: wire.toString('base64'),
    fingerprint: fingerprintOf(wire),
    comment: comment.join(' '),
  };
}

export const fingerprintOf = (wire: Buffer): string =>
  `SHA256:${createHash('sha256').update(wire).digest('base64').replace(/=+$/, '')}`;
