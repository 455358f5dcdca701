import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Socket } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { Refusal, refusals } from '../lib/refusal.ts';
import { guardServer } from '../routing/guard-server.ts';
import { errorBody } from './answer-error.ts';
import { isOwnOrigin } from './origin.ts';
import { clientAddress } from './client-address.ts';

/** Clients say who they are, and that they are there. */
const LARGEST_MESSAGE = 16 * 1024;
/** How long clients may take to leave before the platform ends without it. */
const GOODBYE_WITHIN = 1_000;
const GOING_AWAY = 1001;

type Served = { socket: Socket; attend(client: WebSocket, address: string): void };

/**
 * Serves WebSockets. Whatever else asks for another protocol is refused, and its connection ended: the
 * router passes on unchanged what comes after it, and read as a request that would look like one of the
 * platform's own user.
 */
export function serveSockets(app: FastifyInstance, served: readonly Served[]): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE });
  sockets.on('wsClientError', ({ message }, connection, request) =>
    refuse(request, connection, new Refusal('invalid', `${message}.`)),
  );
  guardServer(app.server, {
    upgrade(request, connection, head) {
      const attend = find(served, request);
      if (attend instanceof Refusal) refuse(request, connection, attend);
      else
        sockets.handleUpgrade(request, connection, head, (client) =>
          attend(client, clientAddress(request) ?? ''),
        );
    },
  });
  app.addHook('preClose', () => sayGoodbye(sockets.clients));
}

async function sayGoodbye(clients: ReadonlySet<WebSocket>): Promise<void> {
  const leaving = [...clients].map((client) => {
    client.close(GOING_AWAY, 'The platform is ending.');
    return new Promise((resolve) => client.once('close', resolve));
  });
  await Promise.race([Promise.all(leaving), wait(GOODBYE_WITHIN, undefined, { ref: false })]);
  for (const client of clients) client.terminate();
}

/** Whoever attends to clients at the path of the request, or why nobody does. */
function find(served: readonly Served[], request: IncomingMessage): Served['attend'] | Refusal {
  const { headers, url = '' } = request;
  const path = (url.split('?')[0] ?? '').replaceAll(/\/+/g, '/');
  const found = served.find(({ socket }) => socket.path === path);
  if (found === undefined)
    return new Refusal('not_found', `Nothing at ${path} speaks ${headers.upgrade}.`);
  if (headers.origin !== undefined && !isOwnOrigin(headers))
    return new Refusal('forbidden', 'Pages of other sites may not connect.');
  return found.attend;
}

function refuse(request: IncomingMessage, connection: Duplex, refusal: Refusal): void {
  const { code, message } = refusal;
  const status = refusals[code];
  const body = errorBody(request.url ?? '', { status, code, message, fields: {} });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  connection.once('finish', () => connection.destroy());
  connection.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
