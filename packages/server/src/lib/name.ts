import { Refusal } from './refusal.ts';

/** Control characters, ends of lines, and what turns the direction of text: shown, it looks like something else. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Whether text would do more to a terminal or a page than be read. */
export const isUnprintable = (text: string): boolean => UNPRINTABLE.test(text);

/** A name as people write it. Refuses an empty one, a long one, and control characters. */
export function parseName(field: string, name: string): string {
  const text = name.trim();
  if (text.length === 0 || text.length > 128 || isUnprintable(text))
    throw new Refusal('invalid', `The ${field} must have 1 to 128 printable characters.`, {
      [field]: 'must have 1 to 128 printable characters',
    });
  return text;
}

const LONGEST_TEXT = 2048;

/** Text as people write it, of several lines too. */
export function parseText(field: string, text: string): string {
  if (text.length <= LONGEST_TEXT && !isUnprintable(text.replaceAll(/[\n\r\t]/g, ' '))) return text;
  const rule = `must have at most ${LONGEST_TEXT} printable characters`;
  throw new Refusal('invalid', `The ${field} ${rule}.`, { [field]: rule });
}
