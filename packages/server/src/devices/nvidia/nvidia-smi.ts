import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Unavailable } from '../../lib/unavailable.ts';

/** What the driver's tool printed, on both streams, and its exit code. */
export type Answer = { code: number | undefined; output: string; complaint: string };

/** Runs the driver's tool with these arguments. Rejects with `Unavailable` where it does not come to an end. */
export type NvidiaSmi = (args: readonly string[], signal: AbortSignal) => Promise<Answer>;

const MOST_OUTPUT = 4 * 2 ** 20;

/** Where the driver's tool is, or undefined where it is not installed. */
export function findNvidiaSmi(path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'nvidia-smi'))
    .find((program) => {
      try {
        accessSync(program, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * A tool that waits for a GPU may wait where no signal reaches it: then its caller is not kept, and no other is
 * started until that one is gone.
 */
export function createNvidiaSmi(path: string, within: number): NvidiaSmi {
  const stuck = new Set<ChildProcess>();
  return async (args, signal) => {
    signal.throwIfAborted();
    const program = findNvidiaSmi(path);
    if (program === undefined) throw new Unavailable('nvidia-smi is not installed');
    if (stuck.size > 0)
      throw new Unavailable('nvidia-smi still hangs since an earlier look: restart the machine');
    const child = spawn(program, args, {
      env: { PATH: path, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const giveUp = (): void => {
      stuck.add(child);
      child.once('exit', () => stuck.delete(child));
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
    };
    return collect(child, { giveUp, within, signal });
  };
}

type Patience = { giveUp: () => void; within: number; signal: AbortSignal };

function collect(
  child: ReturnType<typeof spawn>,
  { giveUp, within, signal }: Patience,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const [output, complaint] = [[] as Buffer[], [] as Buffer[]];
    let room = MOST_OUTPUT;
    const fail = (error: unknown): void => {
      settle();
      giveUp();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const deadline = setTimeout(
      () => fail(new Unavailable(`nvidia-smi does not answer within ${within / 1000} s`)),
      within,
    );
    const abort = (): void => fail(signal.reason);
    const settle = (): void => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', abort);
    };
    const keepIn = (parts: Buffer[]) => (part: Buffer) => {
      room -= part.length;
      if (room < 0) fail(new Unavailable('nvidia-smi does not stop printing'));
      else parts.push(part);
    };
    signal.addEventListener('abort', abort, { once: true });
    child.stdout?.on('data', keepIn(output));
    child.stderr?.on('data', keepIn(complaint));
    child.once('error', (error) => {
      settle();
      reject(new Unavailable(`nvidia-smi cannot be started: ${error.message}`));
    });
    child.once('close', (code) => {
      settle();
      resolve({
        code: code ?? undefined,
        output: String(Buffer.concat(output)),
        complaint: String(Buffer.concat(complaint)),
      });
    });
  });
}
