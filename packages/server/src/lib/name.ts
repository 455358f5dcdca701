import { Refusal } from './refusal.ts';

/** A name as people write it. Refuses an empty one, a long one, and control characters. */
export function parseName(field: string, name: string): string {
  const text = name.trim();
  if (text.length === 0 || text.length > 128 || /\p{Cc}/u.test(text))
    throw new Refusal('invalid', `The ${field} must have 1 to 128 printable characters.`, {
      [field]: 'must have 1 to 128 printable characters',
    });
  return text;
}
