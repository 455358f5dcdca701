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
import type { AddressInfo } from 'node:net';
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
