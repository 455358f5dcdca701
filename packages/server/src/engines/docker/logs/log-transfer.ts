import { beginning, openSegmentWriter } from '../../../logs/segment-writer.ts';
import type { SegmentWriter } from '../../../logs/segment-writer.ts';
import { createMessageReader } from './log-messages.ts';
import { nothingHad, readPosition, writePosition } from './log-position.ts';
import type { LogPosition } from './log-position.ts';
import { millisecondsOf, printTime } from './log-time.ts';
import type { LogTime } from './log-time.ts';
import { NEWLINE, createStreamProgress, endsLine } from './stream-progress.ts';

/** The log of an instance: where its segments are, and the file that says how far they are written. */
export type LogPlace = {
  directory: string;
  positionFile: string;
  budgetMiB: number;
};

/**
 * What the engine sends of one container, on its way to our segments. It may be given up between any two
 * calls: whoever begins again is told from when on to ask, and the same bytes come to the same places.
 */
export type LogTransfer = {
  /**
   * All that came whole is on disk when this returns. Answers 'again' where the engine went back in time,
   * as some do when they begin a new file: whoever asks anew, from the position saved, is told in order.
   */
  take(chunk: Buffer): 'on' | 'again';
  /** Records how far it came. */
  save(): void;
  /** Nothing more comes: what was held back is written. */
  conclude(): void;
  leave(): void;
  /** What the engine said of a log that it could not read. */
  trouble(): string | undefined;
};

const MEBIBYTE = 1024 * 1024;

/** Where to go on with a container; undefined where it is over. Another one's output comes behind what is there. */
export function planTransfer(containerId: string, positionFile: string): LogPosition | undefined {
  const found = readPosition(positionFile);
  if (found?.containerId === containerId) return found.over ? undefined : found;
  if (found?.earlier.includes(containerId) === true) return undefined;
  return {
    containerId,
    earlier: found === undefined ? [] : [...found.earlier, found.containerId],
    over: false,
    writer: found?.writer ?? beginning,
    stdout: nothingHad,
    stderr: nothingHad,
  };
}

export function openTransfer(
  { directory, positionFile, budgetMiB }: LogPlace,
  { masked, from }: { masked: readonly string[]; from: LogPosition },
): LogTransfer {
  const options = { budgetBytes: budgetMiB * MEBIBYTE, masked, from: from.writer };
  const writer = openSegmentWriter(directory, options);
  const progress = [createStreamProgress(from.stdout), createStreamProgress(from.stderr)] as const;
  let last: LogTime | undefined;
  let trouble: string | undefined;
  let verdict: 'on' | 'again' = 'on';
  const read = createMessageReader({
    message(stream, time, bytes) {
      const mine = progress[stream === 1 ? 0 : 1];
      if (verdict === 'again') return;
      const fresh = mine.take(time, bytes);
      if (fresh === 'had') return;
      if (fresh === 'older') {
        verdict = 'again';
        return;
      }
      last = time;
      writer.write(stream, millisecondsOf(time), fresh);
      if (endsLine(bytes) && bytes.at(-1) !== NEWLINE)
        writer.write(stream, millisecondsOf(time), Buffer.of(NEWLINE));
      mine.given(writer.held(stream));
    },
    trouble(text) {
      trouble = text;
    },
  });
  const save = (over: boolean): void =>
    writePosition(positionFile, {
      ...from,
      over,
      writer: writer.position(),
      ...(last && { last: printTime(last) }),
      stdout: progress[0].position(),
      stderr: progress[1].position(),
    });
  return {
    take(chunk) {
      read(chunk);
      writer.flush();
      return verdict;
    },
    save: () => save(from.over),
    conclude() {
      conclude(writer, trouble, last);
      for (const one of progress) one.given(0);
      save(true);
    },
    leave: writer.leave,
    trouble: () => trouble,
  };
}

function conclude(writer: SegmentWriter, trouble: string | undefined, last?: LogTime): void {
  writer.release();
  if (trouble === undefined) return;
  const at = last === undefined ? 0 : millisecondsOf(last);
  writer.say(`Not all of the output could be read: ${trouble}`, at);
}
