import { createHash, createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
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

const refuse = (why: string): never => {
  throw new Refusal('invalid_key', `This is not a public key that works here: ${why}.`, {
    key: why,
  });
};

const DAMAGED = 'it is damaged: copy the whole line of the .pub file';
const FEWEST_RSA_BITS = 2048;
/** A signature of a longer one takes the platform's only thread for long. */
const MOST_RSA_BITS = 8192;

/** What a key is made of, behind its type, as a JSON Web Key. */
const TYPES: Readonly<Record<string, (fields: readonly Buffer[]) => JsonWebKey>> = {
  'ssh-ed25519': readEd25519,
  'ssh-rsa': readRsa,
  'ecdsa-sha2-nistp256': (fields) => readEcdsa('nistp256', fields),
  'ecdsa-sha2-nistp384': (fields) => readEcdsa('nistp384', fields),
  'ecdsa-sha2-nistp521': (fields) => readEcdsa('nistp521', fields),
};

const CURVES = {
  nistp256: { crv: 'P-256', bytes: 32 },
  nistp384: { crv: 'P-384', bytes: 48 },
  nistp521: { crv: 'P-521', bytes: 66 },
};

/** The key of a line such as `ssh-ed25519 AAAA… comment`. Refuses what the SSH server cannot use, and what is weak. */
export function parseSshKey(line: string): SshKey {
  const [type = '', key = '', ...comment] = line.trim().split(/\s+/);
  if (line.includes('PRIVATE KEY')) refuse('it is the private key; give the .pub file');
  if (type.startsWith('sk-'))
    refuse('keys on security tokens (FIDO) are not supported by our SSH server; use ed25519');
  const read = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (read === undefined) return refuse(`its type must be one of ${Object.keys(TYPES).join(', ')}`);
  const wire = Buffer.from(key, 'base64');
  const [named, ...fields] = readFields(wire);
  if (named?.toString('latin1') !== type) refuse(DAMAGED);
  requireUsable(read(fields));
  if (isUnprintable(comment.join(' '))) refuse('its comment holds control characters');
  return {
    type,
    key: wire.toString('base64'),
    fingerprint: fingerprintOf(wire),
    comment: comment.join(' '),
  };
}

const fingerprintOf = (wire: Buffer): string =>
  `SHA256:${createHash('sha256').update(wire).digest('base64').replace(/=+$/, '')}`;

/** The strings of a key (RFC 4251 §5), with nothing behind them. */
function readFields(wire: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < wire.length;) {
    const length = wire.length - at >= 4 ? wire.readUInt32BE(at) : wire.length;
    if (length > wire.length - at - 4 || wire.length > 4096) refuse(DAMAGED);
    fields.push(wire.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

function readEd25519(fields: readonly Buffer[]): JsonWebKey {
  const [x = Buffer.of()] = fields;
  if (fields.length !== 1 || x.length !== 32) refuse(DAMAGED);
  return { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') };
}

function readRsa(fields: readonly Buffer[]): JsonWebKey {
  const [e = Buffer.of(), n = Buffer.of()] = fields.map(readNumber);
  if (fields.length !== 2 || n.length === 0) refuse(DAMAGED);
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24;
  if (bits < FEWEST_RSA_BITS) refuse(`it has ${bits} bits, of at least 2048; use ed25519`);
  if (bits > MOST_RSA_BITS) refuse(`it has ${bits} bits, of at most 8192; use ed25519`);
  if (e.length > 4 || (e.at(-1) ?? 0) % 2 === 0 || e.equals(Buffer.of(1)))
    refuse('its exponent is not one that programs use');
  return { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') };
}

/** A number as it is written in one way alone (RFC 4251 §5): a key that has two spellings is on two accounts. */
function readNumber(field: Buffer): Buffer {
  const [first = 0, second = 0] = field;
  if (first >= 0x80 || (first === 0 && second < 0x80)) refuse(DAMAGED);
  return first === 0 ? field.subarray(1) : field;
}

function readEcdsa(curve: keyof typeof CURVES, fields: readonly Buffer[]): JsonWebKey {
  const [name = Buffer.of(), point = Buffer.of()] = fields;
  const { crv, bytes } = CURVES[curve];
  const whole = fields.length === 2 && point[0] === 4 && point.length === 1 + 2 * bytes;
  if (!whole || name.toString('latin1') !== curve) refuse(DAMAGED);
  const x = point.subarray(1, 1 + bytes).toString('base64url');
  return { kty: 'EC', crv, x, y: point.subarray(1 + bytes).toString('base64url') };
}

/** Refuses what is no key at all, such as a point that is not on its curve. */
function requireUsable(key: JsonWebKey): void {
  try {
    createPublicKey({ key, format: 'jwk' });
  } catch {
    refuse(DAMAGED);
  }
}
