import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { isIP } from 'node:net';
import { getCACertificates } from 'node:tls';
import type { HttpAnswer, Transport } from '@grid/api';
import { WebSocket } from 'ws';
import { Failure } from './fail.ts';

/** Where a platform is reached: by its address, or by its own socket on this machine. */
export type Target = { socketPath: string } | SecureTarget;

export type SecureTarget = {
  url: string;
  /** PEM of an authority that is trusted beside those that this machine trusts. */
  ca?: string | undefined;
  /** For what is checked in another way. */
  unchecked?: true;
};

/** Names below `localhost` are this machine's, though its resolver may not know. */
function connectTo({ url, ca, unchecked }: SecureTarget) {
  const { protocol, hostname, port, host } = new URL(url);
  const local = hostname === 'localhost' || hostname.endsWith('.localhost');
  const secure = protocol === 'https:';
  const where = {
    secure,
    host: local ? '127.0.0.1' : hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    headers: { host },
  };
  if (!secure) return where;
  const trust = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
  return {
    ...where,
    ...trust,
    ...(isIP(where.host) === 0 || local ? { servername: hostname } : {}),
    ...(unchecked && { rejectUnauthorized: false }),
  };
}

const placeOf = (target: Target) =>
  'url' in target
    ? connectTo(target)
    : { secure: false, socketPath: target.socketPath, headers: { host: 'localhost' } };

export const transportTo =
  (target: Target): Transport =>
  ({ method, path, headers, body, signal }) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      const { headers: own, secure, ...where } = placeOf(target);
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const asked = (secure ? requestSecurely : request)(
        {
          ...where,
          method,
          path,
          headers: { ...own, ...headers, ...length },
          ...(signal && { signal }),
        },
        (answer: IncomingMessage) => resolve({ status: answer.statusCode ?? 0, body: answer }),
      );
      asked.on('error', (error: NodeJS.ErrnoException) => reject(explain(error, target)));
      asked.end(body);
    });

function explain(error: NodeJS.ErrnoException, target: Target): Error {
  const name = 'url' in target ? target.url : target.socketPath;
  if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')
    return new Failure(`No platform answers at ${name}: start it with "grid up".`);
  return DISTRUST.has(error.code ?? '') ? new Distrust(name) : error;
}

/** The authority of a certificate is not known here, as against a certificate that is wrong in itself. */
export class Distrust extends Failure {
  constructor(url: string) {
    super(
      `The certificate at ${url} is from an authority that is not trusted here: grid login --url ${url}`,
    );
  }
}

const DISTRUST = new Set([
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A WebSocket to a platform. */
export function openSocket(target: SecureTarget, path: string): WebSocket {
  const { headers, secure, host, port, ...trust } = connectTo(target);
  const address = host.includes(':') ? `[${host}]` : host;
  const scheme = secure ? 'wss' : 'ws';
  return new WebSocket(`${scheme}://${address}:${port}${path}`, { headers, ...trust });
}
