import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { encodeFrame, segmentName } from './segment.ts';

/**
 * Writes a line that the platform says into a source of its own. The line is on disk, in order, when
 * the promise resolves.
 */
export async function appendLine(
  directory: string,
  { line, clock }: { line: string; clock: Clock },
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const frame = encodeFrame(clock(), 0, Buffer.from(`${line}\n`));
  await appendFile(join(directory, segmentName(1)), frame);
}
