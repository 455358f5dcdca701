import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Connections that came by the socket of whoever looks after the machine. */
const operators = new WeakSet<Socket>();

/**
 * Whether a request came by the operator's socket, which only the platform's own user can open: the connection
 * tells, never what is said on it.
 */
export const isLocal = ({ raw }: Pick<FastifyRequest, 'raw'>): boolean => operators.has(raw.socket);

/** Answers on a second socket as on the first, to whoever may open it as to the platform's own user. */
export async function listenForOperators(app: FastifyInstance, path: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    operators.add(socket);
    app.server.emit('connection', socket);
  });
  app.server.once('close', () => server.close());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}
