import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { Write } from './channel-writer.ts';

const MIB = 1024 ** 2;

/** What may wait in this process for a client to take it, before no more is said in its channels. */
const FULL = MIB;
/** What a client makes us answer without taking it; who lets more wait is cut off. */
const MOST = 16 * MIB;

/** Resolves when the client has taken what it was told, or is gone: windows of SSH may be as large as it likes. */
export async function whenTaken(socket: Socket): Promise<void> {
  while (socket.writableLength > FULL && !socket.destroyed) {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    socket.once('close', leave);
    await once(socket, 'drain', { signal: gone.signal }).catch(() => undefined);
    socket.off('close', leave);
  }
}

/** Cuts off a client that asks without listening to the answers. */
export function cutOffDeaf(socket: Socket): void {
  // each session may wait for it
  socket.setMaxListeners(100);
  socket.on('data', () => {
    if (socket.writableLength > MOST) socket.destroy();
  });
}

/** A stream into a channel, or its error stream, that takes what the client does; ends with the session. */
export function openStream(to: Writable, write: Write, left: AbortSignal): Writable {
  const stream = new Writable({
    write: (part: Buffer, _encoding, done) => void write(to, part).then(() => done()),
  });
  stream.on('error', () => undefined);
  left.addEventListener('abort', () => stream.destroy(), { once: true });
  if (left.aborted) stream.destroy();
  return stream;
}
