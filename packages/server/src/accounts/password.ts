import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { createGate } from '../lib/gate.ts';
import { Refusal } from '../lib/refusal.ts';

/** OWASP's parameters for scrypt (N = 2^15, r = 8, p = 3); kept in each hash, so that they may grow. */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const KEY_LENGTH = 32;
const SHORTEST = 12;
const LONGEST = 256;

/**
 * The process has four threads for files, archives and hashes together, and a hash keeps one busy for a
 * tenth of a second: half of them are left to the others, and nobody waits for long.
 */
const turn = createGate({ atOnce: 2, waiting: 16 });

/** Refuses a password that is too short or too long. */
export function requirePassword(password: string): void {
  if (password.length < SHORTEST || password.length > LONGEST)
    throw new Refusal('invalid', `The password must have ${SHORTEST} to ${LONGEST} characters.`, {
      password: `must have ${SHORTEST} to ${LONGEST} characters`,
    });
}

/** A hash to keep: `scrypt$N$r$p$salt$key`. Refuses what is too short or too long. */
export async function hashPassword(password: string): Promise<string> {
  requirePassword(password);
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  const { N, r, p } = COST;
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether the password is the one that was hashed; takes as long either way. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt = '', key = ''] = hash.split('$');
  const expected = Buffer.from(key, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const given = await derive(password.slice(0, LONGEST), Buffer.from(salt, 'base64url'), cost);
  return timingSafeEqual(given, expected);
}

const derive = (password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> =>
  turn(
    () =>
      new Promise((resolve, reject) => {
        const options = { ...cost, maxmem: 256 * cost.N * cost.r };
        scrypt(password, salt, KEY_LENGTH, options, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      }),
  );
