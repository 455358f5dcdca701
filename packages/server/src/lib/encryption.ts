import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Encrypts values at rest; what cannot be decrypted, or was moved to another row, throws. */
export type Keyring = {
  /** `context` names the row and column: a value only opens where it was put. */
  encrypt(text: string, context: string): string;
  decrypt(text: string, context: string): string;
  /** Bytes of what `text` was made from, without the cost of looking. */
  sizeOf(text: string): number;
};

type Keys = { current: string; keys: Record<string, string> };

/** The keyring in `directory`; made at the first start, readable by its owner alone. */
export function openKeyring(directory: string): Keyring {
  const { current, keys } = readOrMake(join(directory, 'encryption.json'), directory);
  const keyOf = (id: string): Buffer => {
    const key = keys[id];
    if (key === undefined) throw new Error(`the encryption key ${id} is missing from ${directory}`);
    return Buffer.from(key, 'base64');
  };
  return {
    encrypt: (text, context) => `${current}.${seal(keyOf(current), text, context)}`,
    decrypt(text, context) {
      const [id = '', sealed = ''] = text.split('.', 2);
      return unseal(keyOf(id), sealed, context);
    },
    sizeOf: (text) => Math.floor(((text.length - text.indexOf('.') - 1) * 3) / 4) - NONCE - TAG,
  };
}

function readOrMake(path: string, directory: string): Keys {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const made: Keys = { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } };
  try {
    writeFileSync(path, JSON.stringify(made), { mode: 0o600, flag: 'wx', flush: true });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return JSON.parse(readFileSync(path, 'utf8')) as Keys;
  }
}

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

function seal(key: Buffer, text: string, context: string): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

function unseal(key: Buffer, sealed: string, context: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE), { authTagLength: TAG })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()]).toString(
    'utf8',
  );
}
