import { isUnprintable } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Row } from '../store/schema.ts';

/** Somebody with an account; what proves that it is they stays in the store. */
export type User = Omit<Row<'users'>, 'passwordHash'>;

/** `email` as it is kept: lower case. Refuses what is no address. */
export function parseEmail(email: string): string {
  const address = email.trim().toLowerCase();
  if (
    address.length > 254 ||
    isUnprintable(address) ||
    !/^[^\s@<>()",;:\\\p{Cc}]+@[a-z0-9.-]+$/u.test(address)
  )
    throw new Refusal('invalid_email', `${JSON.stringify(email)} is not an e-mail address.`, {
      email: 'must be an address such as ada@example.com',
    });
  return address;
}
