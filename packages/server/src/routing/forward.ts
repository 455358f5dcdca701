import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher, Pool } from 'undici';
import { answerPage, pages } from './error-page.ts';
import { answeredHeaders, forwardedHeaders } from './forwarded-headers.ts';

export type Forwarding = {
  request: IncomingMessage;
  response: ServerResponse;
  id: string;
  pool: Pool;
  idleMs: number;
  /** Answered where nothing answers at all. */
  absent: (typeof pages)[keyof typeof pages];
  /** Called once, when the exchange is over; with `refused` nothing was sent and another may be tried. */
  over(outcome: 'answered' | 'failed' | 'refused'): void;
};

/** Nothing reached the instance: it does not listen, or is not there. */
const REFUSED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const SILENT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

export const hasBody = ({ headers, method }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0') ||
  (method === 'POST' && headers['content-length'] === undefined && headers.upgrade === undefined);

/** Passes a request on and its answer back, both as they come. */
export function forward(forwarding: Forwarding): void {
  const { request, response, id, pool, idleMs } = forwarding;
  const options = {
    path: request.url ?? '/',
    method: request.method ?? 'GET',
    headers: forwardedHeaders(request, id),
    body: hasBody(request) ? request : null,
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
  };
  try {
    pool.dispatch(options, createHandler(forwarding));
  } catch {
    answerPage(request, response, { page: pages.badRequest, id });
    forwarding.over('failed');
  }
}

function createHandler({
  request,
  response,
  id,
  absent,
  over,
}: Forwarding): Dispatcher.DispatchHandler {
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
      if (request.method === 'HEAD') response.flushHeaders();
      response.on('drain', () => controller.resume());
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd() {
      abandon = undefined;
      response.end();
      over('answered');
    },
    onResponseError(_, error) {
      abandon = undefined;
      response.off('close', leave);
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (REFUSED.has(code) && !request.readableDidRead && !response.destroyed)
        return over('refused');
      const page = REFUSED.has(code) ? absent : SILENT.has(code) ? pages.silent : pages.broken;
      answerPage(request, response, { page, id });
      over('failed');
    },
  };
}
