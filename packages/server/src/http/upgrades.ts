import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { errorBody } from './answer-error.ts';
import type { Answered } from './answer-error.ts';

/**
 * Refuses what asks for another protocol, and ends its connection: the router passes on unchanged whatever
 * comes after it, and read as a request that would look like one of the platform's own user.
 */
export function refuseUpgrades(app: FastifyInstance): void {
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    const message = `Nothing here speaks ${request.headers.upgrade}.`;
    refuse(request, socket, { status: 400, code: 'invalid', message, fields: {} });
  });
}

function refuse(request: IncomingMessage, socket: Duplex, answered: Answered): void {
  const body = errorBody(request.url ?? '', answered);
  const head = [
    `HTTP/1.1 ${answered.status} ${STATUS_CODES[answered.status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
