import type { Readable } from 'node:stream';
import { linesOf } from '../../../lib/lines.ts';
import { Unavailable } from '../../../lib/unavailable.ts';

/** The lines of JSON that an engine answers, as they come; `Unavailable` where it goes meanwhile. */
export async function* readMessages(answer: Readable, signal: AbortSignal): AsyncGenerator {
  for await (const line of wholeLines(answer, signal))
    if (line.trim() !== '') yield JSON.parse(line);
}

async function* wholeLines(answer: Readable, signal: AbortSignal): AsyncGenerator<string> {
  try {
    yield* linesOf(answer);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new Unavailable(`The Docker engine ended its answer half way (${why}).`);
  }
}
