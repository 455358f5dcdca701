import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { HttpAnswer, Transport } from '@grid/api';
import { WebSocket } from 'ws';
import { Failure } from './fail.ts';

/** Where a platform is reached: by its address, or by its own socket on this machine. */
export type Target = { url: string } | { socketPath: string };

/** Names below `localhost` are this machine's, though its resolver may not know. */
const connectTo = (target: Target) => {
  if ('socketPath' in target)
    return { socketPath: target.socketPath, headers: { host: 'localhost' } };
  const { hostname, port, host } = new URL(target.url);
  const local = hostname === 'localhost' || hostname.endsWith('.localhost');
  return {
    host: local ? '127.0.0.1' : hostname,
    port: port === '' ? 80 : Number(port),
    headers: { host },
  };
};

export const transportTo =
  (target: Target): Transport =>
  ({ method, path, headers, body, signal }) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      const { headers: own, ...where } = connectTo(target);
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const asked = request(
        {
          ...where,
          method,
          path,
          headers: { ...own, ...headers, ...length },
          ...(signal && { signal }),
        },
        (answer: IncomingMessage) => resolve({ status: answer.statusCode ?? 0, body: answer }),
      );
      asked.on('error', (error: NodeJS.ErrnoException) => {
        const gone = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
        reject(
          gone
            ? new Failure(`No platform answers at ${nameOf(target)}: start it with "grid up".`)
            : error,
        );
      });
      asked.end(body);
    });

/** A WebSocket to a platform. */
export function openSocket({ url }: { url: string }, path: string): WebSocket {
  const { headers, ...where } = connectTo({ url });
  return new WebSocket(`ws://${where.host}:${where.port}${path}`, { headers });
}

const nameOf = (target: Target): string => ('url' in target ? target.url : target.socketPath);
