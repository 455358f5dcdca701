import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { holdLines, secretsIn } from './hold-lines.ts';
import { UNENDED, encodeFrame } from './segment.ts';

/** In milliseconds: after so long a line that has not ended is shown, and no sooner again. */
const SHOWN_AFTER = 750;

/** Shows the lines of an instance that have not ended, beside its log (`unended.ts` reads them). */
export type UnendedLines = {
  /** What the instance says, before it is written to the log: nobody sees a line both as ended and as not. */
  write(stream: 1 | 2, at: number, bytes: Buffer): void;
  /** Nothing more comes, and nothing is shown. */
  close(): void;
  /** What is shown stays: somebody else goes on. */
  leave(): void;
};

export function showUnended(directory: string, masked: readonly string[]): UnendedLines {
  const secrets = secretsIn(masked);
  const frames = new Map<number, Buffer>();
  const path = join(directory, UNENDED);
  /** Whether there is what somebody showed before. */
  let isLeft = existsSync(path);
  const put = (): void => {
    isLeft = false;
    if (frames.size === 0) return rmSync(path, { force: true });
    try {
      writeFileSync(`${path}.new`, Buffer.concat([...frames.values()]), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch {
      // the disk has no room for it, or the log is gone
    }
  };
  const open = (stream: 1 | 2) => {
    const lines = holdLines(secrets);
    let since = 0;
    let timer: NodeJS.Timeout | undefined;
    const show = (): void => {
      timer = undefined;
      frames.set(stream, encodeFrame(since, stream, lines.state()));
      put();
    };
    const over = (): void => {
      clearTimeout(timer);
      timer = undefined;
      if (frames.delete(stream) || isLeft) put();
    };
    return {
      over,
      leave: () => clearTimeout(timer),
      take(at: number, bytes: Buffer): void {
        if (lines.feed(bytes).length > 0) over();
        if (lines.held() === 0) return;
        since = at;
        timer ??= setTimeout(show, SHOWN_AFTER).unref();
      },
    };
  };
  const streams = { 1: open(1), 2: open(2) };
  return {
    write: (stream, at, bytes) => streams[stream].take(at, bytes),
    close() {
      for (const { over } of Object.values(streams)) over();
    },
    leave() {
      for (const { leave } of Object.values(streams)) leave();
    },
  };
}
