import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { answerPage, pages } from './error-page.ts';
import { answeredHeaders, forwardedHeaders } from './forwarded-headers.ts';
import type { Visit } from './visit.ts';

/**
 * How it went. Nothing was answered where it was `refused` (nothing was sent either: another may be
 * tried) or `broken` off; what is `over` was answered, by the instance or by a page of ours.
 */
export type Outcome = 'over' | 'refused' | 'broken';

export type Forwarding = {
  visit: Visit;
  pool: Dispatcher;
  /** How long nothing may be heard. */
  idleMs: number;
  /** Called once. */
  done(outcome: Outcome): void;
};

/** Nothing reached the instance: it does not listen, or is not there. */
const REFUSED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Whether nobody took the connection, so that another may be asked. */
export const isRefused = ({ code }: NodeJS.ErrnoException): boolean => REFUSED.has(code ?? '');

/**
 * How long a client may let its connection stand still, with a body that does not come or an answer that it does
 * not take: so much longer than an instance may be silent that it is told of one that is.
 */
const stuckAfter = (idleMs: number): number => 2 * idleMs + 1_000;

const SILENT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

export const hasBody = ({ headers, method }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0') ||
  (method === 'POST' && headers['content-length'] === undefined && headers.upgrade === undefined);

/** Passes a request on and its answer back, both as they come. */
export function forward(forwarding: Forwarding): void {
  const { visit, pool, idleMs, done } = forwarding;
  const { request, response, id } = visit;
  response.socket?.setTimeout(stuckAfter(idleMs));
  const options = {
    path: request.url ?? '/',
    method: request.method ?? 'GET',
    headers: forwardedHeaders(request, visit),
    body: hasBody(request) ? bodyOf(request) : null,
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
  };
  try {
    pool.dispatch(options, createHandler(forwarding));
  } catch {
    answerPage(request, response, { page: pages.badRequest, id });
    done('over');
  }
}

/**
 * A body that may be given up in its middle, as by an instance that answers before it has come: the visitor's
 * connection goes on with its next request all the same.
 */
const bodyOf = (request: IncomingMessage): Readable =>
  // what breaks off is heard of the request
  Readable.from(passOn(request), { objectMode: false }).on('error', () => undefined);

async function* passOn(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } finally {
    request.resume();
  }
}

function createHandler({ visit, done }: Forwarding): Dispatcher.DispatchHandler {
  const { response, id } = visit;
  let abandon: (() => void) | undefined;
  const leave = (): void => abandon?.();
  return {
    onRequestStart(controller) {
      abandon = () => controller.abort(new Error('the client left'));
      if (response.destroyed) leave();
      response.once('close', leave);
    },
    onResponseStart(controller, status) {
      if (status < 200) return;
      const raw = (controller.rawHeaders ?? []) as (Buffer | string)[];
      response.writeHead(status, answeredHeaders(raw, id));
      response.on('drain', () => controller.resume());
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd() {
      abandon = undefined;
      response.end();
      done('over');
    },
    onResponseError(_, error) {
      abandon = undefined;
      response.off('close', leave);
      done(conclude(visit, error));
    },
  };
}

/** What an error means; what cannot be tried again is answered here. */
function conclude({ request, response, id }: Visit, error: NodeJS.ErrnoException): Outcome {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return 'over';
  }
  if (SILENT.has(error.code ?? '')) {
    answerPage(request, response, { page: pages.silent, id });
    return 'over';
  }
  return isRefused(error) && !request.readableDidRead ? 'refused' : 'broken';
}
