import type { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import type { CommandEnd, Entered } from '../../workloads/engine.ts';

/** What frames are: kind (1 byte), length (4 bytes, big endian), then the bytes. */
const KINDS = { output: 1, errors: 2, typed: 4, resized: 5, ended: 6 } as const;
const HEADER = 5;

/** The command at the other end of a connection to its attendant; it ends with the connection. */
export function openEntered(socket: Socket, signal: AbortSignal): Entered {
  const open = openReaders(socket);
  const [output, errors] = [open(), open()];
  const leave = (): void => void socket.destroy();
  signal.addEventListener('abort', leave, { once: true });
  const ended = new Promise<CommandEnd | undefined>((resolve) => {
    const frames = cutFrames((kind, data) => {
      if (kind !== KINDS.ended) return (kind === KINDS.errors ? errors : output).deliver(data);
      resolve(parseEnd(data));
      leave();
    });
    socket.on('data', frames);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      signal.removeEventListener('abort', leave);
      for (const { stream } of [output, errors]) stream.push(null);
      resolve(undefined);
    });
  });
  return {
    input: openInput(socket),
    output: output.stream,
    errors: errors.stream,
    resize: ({ columns, rows }) => {
      const size = Buffer.alloc(4);
      size.writeUInt16BE(rows);
      size.writeUInt16BE(columns, 2);
      if (socket.writable) socket.write(frame(KINDS.resized, size));
    },
    leave,
    ended,
  };
}

/** Streams out of one connection, which waits while any of them is full. */
function openReaders(socket: Socket) {
  const full = new Set<Readable>();
  return () => {
    const stream: Readable = new Readable({
      read() {
        full.delete(stream);
        if (full.size === 0) socket.resume();
      },
    });
    const deliver = (data: Buffer): void => {
      if (stream.push(data)) return;
      full.add(stream);
      socket.pause();
    };
    return { stream, deliver };
  };
}

/** An empty frame says that nothing more is typed. */
function openInput(socket: Socket): Writable {
  const send = (data: Buffer, done: () => void): void => {
    if (socket.writable) socket.write(frame(KINDS.typed, data), () => done());
    else done();
  };
  return new Writable({
    write: (data: Buffer, _encoding, done) => send(data, done),
    final: (done) => send(Buffer.alloc(0), done),
  });
}

function frame(kind: number, data: Buffer): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(kind);
  header.writeUInt32BE(data.length, 1);
  return Buffer.concat([header, data]);
}

/** Takes bytes as they come, and hands on every frame that is whole. */
function cutFrames(take: (kind: number, data: Buffer) => void): (part: Buffer) => void {
  let received = Buffer.alloc(0);
  return (part) => {
    received = Buffer.concat([received, part]);
    while (received.length >= HEADER) {
      const end = HEADER + received.readUInt32BE(1);
      if (received.length < end) return;
      take(received.readUInt8(0), received.subarray(HEADER, end));
      received = received.subarray(end);
    }
  };
}

/** Neither code nor signal where the instance ended, and the command with it. */
function parseEnd(data: Buffer): CommandEnd | undefined {
  const end = JSON.parse(data.toString('utf8')) as CommandEnd | { over: true };
  return 'over' in end ? undefined : end;
}
