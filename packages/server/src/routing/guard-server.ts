import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex, Stream } from 'node:stream';

/** What a server does with what is no plain request. */
export type Handlers = {
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Asked whether to go on with a body (`Expect: 100-continue`). */
  checkContinue?: RequestListener;
  /** What was sent is no HTTP, or the connection broke. */
  clientError?(error: NodeJS.ErrnoException, socket: Duplex): void;
};

/** Lets a stream that breaks end alone: an error that nobody listens for would end the process. */
export function ownErrors<Owned extends Stream & { destroy(): unknown }>(stream: Owned): Owned {
  stream.on('error', () => stream.destroy());
  return stream;
}

/**
 * The one place where handlers of raw connections are registered: Node takes its own listener for errors
 * from a connection that it hands over, so each has one of ours from its beginning.
 */
export function guardServer<AnyServer extends Server | SecureServer>(
  server: AnyServer,
  { upgrade, checkContinue, clientError }: Handlers,
): AnyServer {
  server.on('connection', (socket: Duplex) => void ownErrors(socket));
  server.on('secureConnection', (socket: Duplex) => void ownErrors(socket));
  if (upgrade !== undefined)
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      upgrade(request, ownErrors(socket), head),
    );
  if (checkContinue !== undefined)
    server.on('checkContinue', (request, response) =>
      checkContinue(ownErrors(request), ownErrors(response)),
    );
  if (clientError !== undefined)
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) =>
      clientError(error, ownErrors(socket)),
    );
  return server;
}

const READS_WITHIN = 2_000;
const UPLOADS_WITHIN = 30_000;

/** Reads what still comes of an upload that was answered, where the connection ends with the answer. */
export function readUploadOf(request: IncomingMessage): void {
  const { socket } = request;
  socket.destroySoon = () => {
    if (request.complete) Socket.prototype.destroySoon.call(socket);
    else endWhenRead(socket, UPLOADS_WITHIN);
  };
}

/** The last that is said on a connection: it ends when that is read, or soon. */
export function sayLast(socket: Duplex, text: string): void {
  if (!socket.writable) return void socket.destroy();
  socket.write(text);
  endWhenRead(socket, READS_WITHIN);
}

function endWhenRead(socket: Duplex, within: number): void {
  if (socket.destroyed) return;
  const late = setTimeout(() => socket.destroy(), within).unref();
  socket.once('close', () => clearTimeout(late));
  socket.end();
  // what comes all the same is thrown away: unread, it would reset the connection before the answer is read
  socket.resume();
}
