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

/** Asks the launcher, and keeps the connection for what follows the answer. */
export function converse(
  path: string,
  message: object,
  signal: AbortSignal,
): Promise<{ answer: unknown; socket: Socket; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    let received = Buffer.alloc(0);
    const abort = (): void => {
      socket.destroy(new Error('aborted'));
    };
    signal.addEventListener('abort', abort, { once: true });
    const settle = (): void => {
      signal.removeEventListener('abort', abort);
      socket.removeAllListeners();
    };
    socket.on('connect', () => socket.write(encode(message)));
    socket.on('error', (error) => {
      settle();
      reject(error);
    });
    socket.on('close', () => {
      settle();
      reject(new Error('the launcher broke off'));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4) return;
      const end = 4 + received.readUInt32BE(0);
      if (received.length < end) return;
      settle();
      socket.pause();
      const answer: unknown = JSON.parse(received.subarray(4, end).toString('utf8'));
      resolve({ answer, socket, rest: received.subarray(end) });
    });
  });
}
