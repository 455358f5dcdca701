import type { Readable } from 'node:stream';
import { Unavailable } from '../../../lib/unavailable.ts';

/** The lines of JSON that an engine answers, as they come; `Unavailable` where it goes meanwhile. */
export async function* readMessages(answer: Readable, signal: AbortSignal): AsyncGenerator {
  let rest = '';
  for await (const chunk of chunks(answer, signal)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}

async function* chunks(answer: Readable, signal: AbortSignal): AsyncGenerator<string> {
  answer.setEncoding('utf8');
  try {
    for await (const chunk of answer) yield String(chunk);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new Unavailable(`The Docker engine ended its answer half way (${why}).`);
  }
}
