import { createServer, request } from 'node:http';
import type {
  ClientRequest,
  IncomingHttpHeaders,
  IncomingMessage,
  RequestListener,
  Server,
} from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { RequestOptions as SecureOptions, Server as SecureServer } from 'node:https';
import { connect, createServer as createNetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A small server of this process, for as long as the test lasts. */
export async function serveHttp<AnyServer extends Server | SecureServer = Server>(
  t: TestContext,
  handle: RequestListener | AnyServer,
  where: number | string = 0,
): Promise<{ server: AnyServer; port: number }> {
  const server = typeof handle === 'function' ? (createServer(handle) as AnyServer) : handle;
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo | string;
  return { server, port: typeof address === 'string' ? 0 : address.port };
}

/**
 * A server that is given what comes on a connection, piece by piece, with how many came before on it and which
 * connection it is; nothing is done by itself.
 */
export async function serveBytes(
  t: TestContext,
  handle: (socket: Socket, piece: Buffer, at: { connection: number; piece: number }) => void,
): Promise<number> {
  let connections = 0;
  const server = createNetServer((socket) => {
    const connection = connections++;
    let pieces = 0;
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => handle(socket, piece, { connection, piece: pieces++ }));
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Sends these bytes, and reads what is answered until the connection ends or `whole` matches it. */
export async function exchange(
  t: TestContext,
  port: number,
  { bytes, whole }: { bytes: string | Buffer; whole?: RegExp },
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  let answered = '';
  for await (const piece of socket as AsyncIterable<Buffer>) {
    answered += piece.toString('latin1');
    if (whole?.test(answered)) break;
  }
  return answered;
}

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };
export type Ask = Omit<SecureOptions, 'headers'> & {
  headers?: Record<string, string>;
  body?: string;
};

/** Begins a request to this machine, over TLS where an authority is named; the caller writes and reads. */
export const beginRequest = (options: SecureOptions): ClientRequest =>
  (options.ca === undefined ? request : requestSecurely)({
    host: '127.0.0.1',
    agent: false,
    ...options,
  });

export const answerTo = (asked: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    asked.on('response', resolve);
    asked.on('error', reject);
  });

/** A whole request and its whole answer. */
export async function askHttp({ body, ...options }: Ask): Promise<Answer> {
  const asked = beginRequest(options);
  asked.end(body);
  const answer = await answerTo(asked);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: await readAll(answer),
  };
}

export async function readAll(answer: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
