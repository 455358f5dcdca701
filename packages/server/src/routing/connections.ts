import type { Socket } from 'node:net';
import { Client, Pool, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';

/** What a request goes over, and what is to be done when it is over. */
export type Connection = { pool: Dispatcher; leave(): void };

/**
 * What is asked to go over: a connection that is `kept`; one that was never used, where kept ones were closed without
 * a word before, for what must `not-repeat`; or a `fresh` one.
 */
export type Wanted = 'kept' | 'not-repeat' | 'fresh';

export type Connections = {
  take(wanted: Wanted): Connection;
  /** They end once what is under way is over. */
  close(): void;
};

type Options = Pick<Pool.Options, 'socketPath' | 'keepAliveTimeout'> & {
  /** So many are kept and used again. */
  kept: number;
};

/** As much as a visitor may send. */
export const MOST_OF_HEAD = 64 * 1024;

/** Once nothing was heard for so long, the system asks whether the other end is still there: some vanish without a word. */
export const KEEP_ASKING = { keepAlive: true, keepAliveInitialDelay: 60_000 };

/**
 * Connections to one place. Whoever comes while all that are kept are held has one of their own: bodies and
 * answers may be held for as long as somebody likes, and nobody waits for that.
 */
export function createConnections(origin: string, { kept, ...given }: Options): Connections {
  const { socketPath, ...rest } = given;
  const options = { ...rest, maxHeaderSize: MOST_OF_HEAD, connect: connector(socketPath) };
  const pool = new Pool(origin, { ...options, connections: kept });
  let held = 0;
  let closesAtWill = false;
  pool.on('disconnect', (_, __, { code }: NodeJS.ErrnoException) => {
    closesAtWill ||= CLOSED.has(code);
  });
  const leavePool = (): void => void (held -= 1);
  return {
    take(wanted) {
      if (held >= kept || wanted === 'fresh' || (wanted === 'not-repeat' && closesAtWill)) {
        const own = new Client(origin, options);
        return { pool: own, leave: () => void own.close().catch(() => undefined) };
      }
      held += 1;
      return { pool, leave: leavePool };
    },
    close: () => void pool.close().catch(() => undefined),
  };
}

/** How it looks when the other side closes a connection that it did not say it would close. */
const CLOSED: ReadonlySet<string | undefined> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

function connector(socketPath: string | null | undefined): buildConnector.connector {
  const open = buildConnector({ ...(socketPath != null && { socketPath }), allowH2: false });
  return (options, callback) =>
    open(options, (error, socket) => {
      if (error === null) callback(null, readToTheEnd(tellUse(socket)));
      else callback(error, null);
    });
}

/** Of a connection that breaks: how much had come on it, as undici says it of one that ends. */
type Broken = { socket?: { bytesRead?: number } };

/** Whether a connection that broke had carried an answer before. */
export const wasUsed = ({ socket }: Error & Broken): boolean => (socket?.bytesRead ?? 0) > 0;

function tellUse<AnySocket extends Socket>(socket: AnySocket): AnySocket {
  const tell = (error: Error & Broken): void =>
    void (error.socket ??= { bytesRead: socket.bytesRead });
  return socket.on('error', tell);
}

/**
 * Who answers before a body has come may close behind that, and the next write fails: that is told when all that was
 * answered is read, since a connection that fails takes along what was not.
 */
export function readToTheEnd<AnySocket extends Socket>(socket: AnySocket): AnySocket {
  const { _write: write, _writev: writev } = socket;
  const late =
    (callback: Callback): Callback =>
    (error) => {
      if (error == null || socket.readableEnded || socket.destroyed) callback(error);
      else socket.once('end', () => callback(error));
    };
  socket._write = (chunk, encoding, callback) =>
    write.call(socket, chunk, encoding, late(callback));
  if (writev !== undefined)
    socket._writev = (chunks, callback) => writev.call(socket, chunks, late(callback));
  return socket;
}

type Callback = (error?: Error | null) => void;
