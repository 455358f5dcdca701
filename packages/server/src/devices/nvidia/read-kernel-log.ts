import { constants, openSync, readSync } from 'node:fs';
import { createLineSplitter } from '../../lib/lines.ts';

/** The kernel's log from its start on: each call answers the lines that are new since the last. */
export type KernelLog = { read(): string[] };

/** A record is shorter; the kernel refuses to give one to whoever has less room. */
const ROOM = 16 * 1024;

/** Opens `/dev/kmsg` to be read without waiting. Throws where it may not be read. */
export function openKernelLog(path: string): KernelLog {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(ROOM);
  const splitter = createLineSplitter();
  return {
    read() {
      let all = '';
      for (let some = readSome(file, buffer); some !== undefined; some = readSome(file, buffer))
        all += some;
      return splitter.take(all);
    },
  };
}

/** Undefined where there is no more for now. */
function readSome(file: number, buffer: Buffer): string | undefined {
  try {
    const length = readSync(file, buffer);
    return length === 0 ? undefined : buffer.toString('utf8', 0, length);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EAGAIN') return undefined;
    // records were overwritten before they were read: it goes on with the oldest that is left
    if (code === 'EPIPE') return '';
    throw error;
  }
}
