/**
 * Where a reader stands, exactly: for each source the place of the next line in each of its streams.
 * A place is segment × 2³² + byte; opaque to clients.
 */
export type Cursor = ReadonlyMap<string, readonly number[]>;

const SEGMENT = 2 ** 32;

export const place = (segment: number, byte: number): number => segment * SEGMENT + byte;
export const segmentOf = (where: number): number => Math.floor(where / SEGMENT);

export const encodeCursor = (cursor: Cursor): string =>
  `c${Buffer.from(JSON.stringify([...cursor])).toString('base64url')}`;

/** The cursor that a client sent back, or undefined where it is none of ours. */
export function decodeCursor(text: string): Cursor | undefined {
  try {
    const entries = JSON.parse(Buffer.from(text.slice(1), 'base64url').toString('utf8')) as unknown;
    if (!text.startsWith('c') || !Array.isArray(entries) || !entries.every(isEntry))
      return undefined;
    return new Map(entries);
  } catch {
    return undefined;
  }
}

const isEntry = (entry: unknown): entry is [string, number[]] =>
  Array.isArray(entry) &&
  typeof entry[0] === 'string' &&
  Array.isArray(entry[1]) &&
  entry[1].every((number) => Number.isSafeInteger(number) && (number as number) >= 0);
