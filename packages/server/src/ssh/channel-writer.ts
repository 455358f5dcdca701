import type { Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';

export type Write = (to: Writable, data: Buffer | string) => Promise<void>;

/**
 * Writes to a channel and its error stream, one thing at a time; resolves when the client's window has taken
 * it, and what carries it has (`taken`), or when nobody takes anything any more.
 *
 * ssh2 1.17 remembers what had to wait for the window even when it is sent, and sends it again, in place of
 * what waits, when the other stream has to wait. So it is made to forget.
 */
export function createWriter(
  channel: ServerChannel,
  left: AbortSignal,
  taken: () => Promise<void> = async () => undefined,
): Write {
  let release = (): void => undefined;
  left.addEventListener('abort', () => release(), { once: true });
  let turn = Promise.resolve();
  return (to, data) => {
    turn = turn.then(
      () =>
        new Promise<void>((resolve) => {
          if (left.aborted) return resolve();
          release = resolve;
          to.write(data, () => {
            Object.assign(channel, SENT);
            void taken().then(resolve);
          });
        }),
    );
    return turn;
  };
}

const SENT = {
  _chunk: undefined,
  _chunkcb: undefined,
  _chunkErr: undefined,
  _chunkcbErr: undefined,
};
