import { request as ask } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import { KEEP_ASKING, MOST_OF_HEAD, readToTheEnd } from './connections.ts';
import { answerPage, pages } from './error-page.ts';
import { SILENT, fail, isRefused, stuckAfter } from './forward.ts';
import type { Forwarding } from './forward.ts';
import {
  announcedTrailers,
  answeredHeaders,
  forwardedHeaders,
  forwardedTrailers,
  passedTrailers,
} from './forwarded-headers.ts';
import { ownErrors } from './guard-server.ts';
import { bodyOf } from './sent-body.ts';
import { SWITCHED, agreeable, join } from './upgrade.ts';
import type { Visit } from './visit.ts';

/** Where a request goes by a connection of its own. */
export type Target = { host: string; port: number } | { socketPath: string };

/** A handshake takes no longer; afterwards a notebook may be silent for hours. */
const ANSWER_WITHIN = 60_000;

/**
 * Whether a request is one of the few that kept connections are not made for: it offers an upgrade, asks about the
 * whole of a server, or has something behind its body.
 */
export const goesApart = ({ request: { url, headers }, upgrade }: Visit): boolean =>
  upgrade !== undefined ||
  url === '*' ||
  (headers.trailer !== undefined && headers['transfer-encoding'] !== undefined);

/**
 * Passes a request on by a connection of its own, and its answer back. Where both sides agree to an upgrade, every byte
 * is passed both ways from then on, without any time-out until one side has ended. Nothing more of the client's is passed before the other side
 * agreed: what it sends would be taken for requests that came past us.
 */
export function forwardApart(forwarding: Forwarding & { target: Target }): void {
  const { visit, idleMs, done } = forwarding;
  const { request, response, upgrade } = visit;
  if (response.destroyed) return done('over');
  if (upgrade === undefined) response.socket?.setTimeout(stuckAfter(idleMs));
  const asked = askFor(forwarding);
  const leave = (): void => void asked.destroy();
  let isAnswered = false;
  response.once('close', leave);
  asked.setTimeout(upgrade === undefined ? idleMs : ANSWER_WITHIN, () => asked.destroy(silence()));
  asked.once('response', (answer) => {
    isAnswered = true;
    passAnswer(forwarding, asked, answer);
  });
  asked.once('upgrade', (answer, upstream, first) => {
    isAnswered = true;
    passUpgrade(forwarding, { answer, upstream, first });
  });
  asked.on('error', (error: NodeJS.ErrnoException) => {
    response.off('close', leave);
    // of an answer that breaks off is heard where it is read
    if (isAnswered) return;
    if (isRefused(error) && !request.readableDidRead && !response.destroyed) done('refused');
    else done(fail(visit, error) ? 'over' : 'broken');
  });
  passBody(visit, asked);
}

const silence = (): Error => Object.assign(new Error('nothing was heard'), { code: SILENT });

function askFor({ visit, sticky, target }: Forwarding & { target: Target }): ClientRequest {
  const { request } = visit;
  const { method = 'GET', url: path = '/' } = request;
  const headers = forwardedHeaders(request, { ...visit, sticky: sticky !== undefined });
  const { upgrade, 'transfer-encoding': encoding } = request.headers;
  const trailer = announcedTrailers(request);
  if (visit.upgrade !== undefined)
    headers.push('Connection', 'Upgrade', 'Upgrade', agreeable(upgrade));
  if (encoding !== undefined) headers.push('Transfer-Encoding', 'chunked');
  if (encoding !== undefined && trailer !== '') headers.push('Trailer', trailer);
  const createConnection = (): Socket =>
    readToTheEnd(
      'socketPath' in target ? connect(target.socketPath) : connect({ ...target, ...KEEP_ASKING }),
    );
  return ask({ method, path, headers, createConnection, maxHeaderSize: MOST_OF_HEAD });
}

function passBody(visit: Visit, asked: ClientRequest): void {
  const { request } = visit;
  const body = bodyOf(visit);
  if (body === null) return void asked.end();
  request.once('end', () => {
    const trailers = forwardedTrailers(request);
    if (trailers.length > 0 && !asked.destroyed) asked.addTrailers(trailers);
  });
  pipeline(body, asked, () => undefined);
}

function passAnswer(
  { visit, sticky, done }: Forwarding,
  asked: ClientRequest,
  answer: IncomingMessage,
): void {
  const { request, response, id } = visit;
  const { statusCode: status = 502, statusMessage, rawHeaders } = answer;
  const headers = answeredHeaders(rawHeaders, { visit, status, cookie: sticky?.cookie });
  try {
    response.writeHead(status, statusMessage, headers);
  } catch {
    asked.destroy();
    answerPage(request, response, { page: pages.notUnderstood, id });
    return done('over');
  }
  answer.once('end', () => {
    const trailers = passedTrailers(answer.rawTrailers);
    if (trailers.length > 0 && response.chunkedEncoding) response.addTrailers(trailers);
  });
  return void pipeline(answer, response, (error) => {
    // what breaks off must not look whole
    if (error) response.destroy();
    // whatever is left of a body has nowhere to go
    asked.destroy();
    done('over');
  });
}

type Switched = { answer: IncomingMessage; upstream: Duplex; first: Buffer };

function passUpgrade(
  { visit, idleMs, sticky, done }: Forwarding,
  { answer, upstream, first }: Switched,
): void {
  const { request, response, upgrade, id } = visit;
  ownErrors(upstream);
  if (upgrade === undefined) {
    upstream.destroy();
    answerPage(request, response, { page: pages.notUnderstood, id });
    return done('over');
  }
  const headers = answeredHeaders(answer.rawHeaders, {
    visit,
    status: SWITCHED,
    cookie: sticky?.cookie,
  });
  headers.push('Connection', 'Upgrade', 'Upgrade', answer.headers.upgrade ?? '');
  response.detachSocket(upgrade.socket as Socket);
  response.statusCode = SWITCHED;
  // not by the response, which would write a head without a body in another alphabet
  upgrade.socket.write(headOf(answer.statusMessage, headers), 'latin1');
  upgrade.socket.write(first);
  (upstream as Socket).setTimeout(0);
  upstream.write(upgrade.takeHead());
  return join(upgrade.socket, upstream, { idleMs, over: () => done('over') });
}

function headOf(reason: string | undefined, headers: readonly string[]): string {
  const lines = [`HTTP/1.1 ${SWITCHED} ${reason ?? ''}`];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
