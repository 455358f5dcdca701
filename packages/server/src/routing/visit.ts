import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Origin } from './forwarded-headers.ts';
import type { SentBody } from './sent-body.ts';

/** A request on its way through the router. */
export type Visit = {
  request: IncomingMessage;
  response: ServerResponse;
  id: string;
  origin: Origin;
  startedAt: number;
  /** Instances that it was not taken by. */
  tried: Set<string>;
  /** What its connection carried since it came. */
  carried(): { bytesIn: number; bytesOut: number };
  /** Where it offers to go on in another protocol (WebSocket): its connection, and what was sent behind the request so far. */
  upgrade?: { socket: Duplex; takeHead(): Buffer };
  /** What was sent of its body, where it may have to be sent again. */
  sent?: SentBody;
};

/** What a connection carries from now on. It is asked for first: undici takes it from a request whose body was sent. */
export function countBytes(socket: Socket): Visit['carried'] {
  const { bytesRead, bytesWritten } = socket;
  return () => ({
    bytesIn: socket.bytesRead - bytesRead,
    bytesOut: socket.bytesWritten - bytesWritten,
  });
}
