import type { Readable } from 'node:stream';

/**
 * Takes a text that comes in pieces apart into its lines, as Unix and JSON have them: they end at `\n` alone,
 * and what Unicode calls a separator of lines is a character like any other. What is not over yet is kept.
 */
export function createLineSplitter() {
  let rest = '';
  return {
    take(piece: string): string[] {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      return lines;
    },
    /** What came after the last end of a line. */
    rest: (): string => rest,
  };
}

/** The lines of a stream of UTF-8, as they come; the last may have no end. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const splitter = createLineSplitter();
  stream.setEncoding('utf8');
  for await (const piece of stream) yield* splitter.take(String(piece));
  if (splitter.rest() !== '') yield splitter.rest();
}
