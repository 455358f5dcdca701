import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One message of the launcher's socket: four bytes of length (big endian), then JSON. */
function encode(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Asks the launcher once; rejects where it is not there or breaks off. */
export async function ask(path: string, message: object, signal: AbortSignal): Promise<unknown> {
  const { answer, socket } = await converse(path, message, signal);
  socket.destroy();
  return answer;
}

/** An answer, and the connection that it came by. */
export type Conversation = { answer: unknown; socket: Socket };

/** Asks the launcher, and keeps the connection; what follows the answer is still to be read from it. */
export function converse(
  path: string,
  message: object,
  signal: AbortSignal,
): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const read = readMessage(socket);
    const abort = (): void => void socket.destroy(new Error('aborted'));
    const listeners = {
      connect: () => void socket.write(encode(message)),
      error: (error: Error) => settle(() => reject(error)),
      close: () => settle(() => reject(new Error('the launcher broke off'))),
      readable: () => {
        const answer = read();
        if (answer !== undefined) settle(() => resolve({ answer: JSON.parse(answer), socket }));
      },
    };
    const settle = (conclude: () => void): void => {
      signal.removeEventListener('abort', abort);
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
      conclude();
    };
    signal.addEventListener('abort', abort, { once: true });
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
  });
}

/** Takes one message out of what has come; undefined until all of it has. */
function readMessage(socket: Socket): () => string | undefined {
  let length: number | undefined;
  return () => {
    length ??= (socket.read(4) as Buffer | null)?.readUInt32BE(0);
    return length === undefined ? undefined : (socket.read(length) as Buffer | null)?.toString();
  };
}
