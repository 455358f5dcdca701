import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { compareTimes, parsePrinted, printTime } from './log-time.ts';
import type { LogTime } from './log-time.ts';

/**
 * Which messages of a stream were had: all before `time`, and of those from the first with that time on
 * `count` (pieces of a long line have one time, and a clock that was set back gives earlier ones); and of
 * the next ones `bytes` bytes.
 */
const streamPosition = z.object({
  time: z.string().optional(),
  count: z.number().int(),
  bytes: z.number().int(),
  /** Where the last line is not over: its first message's time, which the next may have, too. */
  lineSince: z.string().optional(),
});
export type StreamPosition = z.infer<typeof streamPosition>;

const logPosition = z.object({
  containerId: z.string(),
  /** Those that wrote to the log before, and are over. */
  earlier: z.array(z.string()),
  /** Nothing more is to come of the container. */
  over: z.boolean(),
  writer: z.object({
    segment: z.number().int(),
    offset: z.number().int(),
    dropped: z.number().int(),
    untold: z.number().int(),
    at: z.number().int().default(0),
  }),
  /** The time of the last message of all. */
  last: z.string().optional(),
  stdout: streamPosition,
  stderr: streamPosition,
});

/** How far a container's log was written to our segments. */
export type LogPosition = z.infer<typeof logPosition>;

export const nothingHad: StreamPosition = { count: 0, bytes: 0 };

/** The position of a log, or undefined where nothing is known; then it is written from the beginning. */
export function readPosition(path: string): LogPosition | undefined {
  try {
    return logPosition.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The file is the former one or the new one, whenever this is killed. */
export function writePosition(path: string, position: LogPosition): void {
  writeFileSync(`${path}.new`, JSON.stringify(position));
  renameSync(`${path}.new`, path);
}

/** By how much a message may be older than one that the engine wrote before it. */
const SLACK_SECONDS = 2;

/** From when on messages are asked for, so that none is missed; undefined is from the beginning. */
export function askSince({ last, stdout, stderr }: LogPosition): string | undefined {
  const times = [last, stdout.lineSince, stderr.lineSince].flatMap(
    (text) => (text === undefined ? undefined : parsePrinted(text)) ?? [],
  );
  const [oldest] = times.toSorted(compareTimes);
  return oldest && printTime({ ...oldest, seconds: oldest.seconds - SLACK_SECONDS });
}

/** A predicate to be asked once of each message of a stream, in order: whether it was had. */
export function createSkip({ time, count }: StreamPosition): (time: LogTime) => boolean {
  const from = time === undefined ? undefined : parsePrinted(time);
  let left = from === undefined ? 0 : count;
  let reached = false;
  return (time) => {
    if (left === 0 || from === undefined) return false;
    const order = reached ? 0 : compareTimes(time, from);
    if (order < 0) return true;
    reached = true;
    left = order > 0 ? 0 : left - 1;
    return order === 0;
  };
}
