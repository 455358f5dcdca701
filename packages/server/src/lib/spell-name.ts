import { isUtf8 } from 'node:buffer';

const ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  0x22: '\\"',
  0x5c: '\\\\',
};

/**
 * A name or a path as people are shown it: as it is, or in quotes with escapes as git writes them (`"d\351p"`), where
 * it is not UTF-8, or would not stay on its line.
 */
export function spellName(name: Buffer): string {
  const isText = isUtf8(name);
  const needsEscape = (byte: number): boolean =>
    byte < 0x20 || byte === 0x7f || byte === 0x22 || byte === 0x5c || (!isText && byte >= 0x80);
  if (!name.some(needsEscape)) return name.toString();
  const bytes = [...name].map((byte) =>
    needsEscape(byte)
      ? (ESCAPES[byte] ?? `\\${byte.toString(8).padStart(3, '0')}`)
      : String.fromCodePoint(byte),
  );
  return `"${Buffer.from(bytes.join(''), 'latin1').toString()}"`;
}
