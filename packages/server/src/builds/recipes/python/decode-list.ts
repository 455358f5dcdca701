/** The marks by which installers know an encoding. Those of UTF-32 begin as others do, and are not read here. */
const MARKS: readonly [mark: string, encoding: string][] = [
  ['fffe0000', 'utf-32'],
  ['0000feff', 'utf-32'],
  ['efbbbf', 'utf-8'],
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
];

/** What a comment of the first two lines says, as in Python's own sources (PEP 263). */
const SAID = /^#.*?coding[:=]\s*([-\w.]+)/;

/**
 * What a list says, in each way in which an installer may read it: pip goes by what a comment says, uv does not.
 * Nothing where one of them reads an encoding that is not read here.
 */
export function decodeList(bytes: Buffer): string[] {
  const mark = MARKS.find(([known]) => bytes.toString('hex', 0, known.length / 2) === known);
  if (mark !== undefined) return decode(bytes.subarray(mark[0].length / 2), mark[1]) ?? [];
  const lines = bytes.toString('latin1').split('\n').slice(0, 2);
  const said = lines.flatMap((line) => SAID.exec(line)?.[1] ?? [])[0];
  const unsaid = decode(bytes, 'utf-8') ?? [];
  if (said === undefined) return unsaid;
  const told = decode(bytes, labelOf(said));
  return told === undefined ? [] : [...new Set([...told, ...unsaid])];
}

/** Latin-1 is something else for the web. */
function decode(bytes: Buffer, encoding: string): [string] | undefined {
  if (encoding === 'latin1') return [bytes.toString('latin1')];
  try {
    return [new TextDecoder(encoding, { fatal: true }).decode(bytes)];
  } catch {
    return undefined;
  }
}

/** What an encoding of Python is called elsewhere. */
const labelOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^(utf-?8)-sig$/, '$1')
    .replace(/^(latin-?1|l1|iso-?8859-?1|(us-)?ascii)$/, 'latin1')
    .replace(/^cp125(?=\d$)/, 'windows-125');
