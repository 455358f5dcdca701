import type { Dispatcher } from 'undici';
import { answerPage, pages } from './error-page.ts';
import type { Page } from './error-page.ts';
import {
  answeredHeaders,
  forwardedHeaders,
  passedTrailers,
  plainReason,
} from './forwarded-headers.ts';
import { wasUsed } from './connections.ts';
import { bodyOf } from './sent-body.ts';
import type { Visit } from './visit.ts';

/**
 * How it went. Nothing was answered where it was `refused` (nothing was sent either: another may be tried), `crossed`
 * (it was sent on a connection that had carried an answer before, and not a byte came back: the other side may have
 * been closing it) or `broken` (it was sent, and may be what ended the connection, or the answer broke off in its
 * head); what is `over` was answered, by the instance or by a page of ours.
 */
export type Outcome = 'over' | 'refused' | 'crossed' | 'broken';

/** What binds a visitor to an instance, where an application wants that: the cookie that is missing. */
type Sticky = { cookie: string | undefined };

export type Forwarding = {
  visit: Visit;
  /** How long nothing may be heard. */
  idleMs: number;
  sticky?: Sticky | undefined;
  /** Called once. */
  done(outcome: Outcome): void;
};

/** Nothing was heard for too long. */
export const SILENT = 'GRID_SILENT';

const SILENCE = new Set([SILENT, 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const TOO_LARGE = new Set(['UND_ERR_HEADERS_OVERFLOW', 'HPE_HEADER_OVERFLOW']);

/** Nothing reached the instance: it does not listen, or is not there. */
const REFUSED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/**
 * Whether nobody took the connection, so that another may be asked. A connection that was taken may break for the
 * same reason, after something was sent on it.
 */
export const isRefused = ({ code, syscall = 'connect' }: NodeJS.ErrnoException): boolean =>
  REFUSED.has(code ?? '') && syscall === 'connect';

/**
 * How long a client may let its connection stand still, with a body that does not come or an answer that it does
 * not take: so much longer than an instance may be silent that it is told of one that is.
 */
export const stuckAfter = (idleMs: number): number => 2 * idleMs + 1_000;

/** Passes a request on and its answer back, both as they come. */
export function forward(forwarding: Forwarding & { pool: Dispatcher }): void {
  const { visit, pool, idleMs, sticky, done } = forwarding;
  const { request, response, id } = visit;
  response.socket?.setTimeout(stuckAfter(idleMs));
  const options = {
    path: request.url ?? '/',
    method: request.method ?? 'GET',
    headers: forwardedHeaders(request, { ...visit, sticky: sticky !== undefined }),
    body: bodyOf(visit),
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

function createHandler({ visit, sticky, done }: Forwarding): Dispatcher.DispatchHandler {
  const { request, response } = visit;
  let abandon: (() => void) | undefined;
  let isAnswered = false;
  const leave = (): void => abandon?.();
  return {
    onRequestStart(controller) {
      abandon = () => controller.abort(new Error('the client left'));
      if (response.destroyed) leave();
      response.once('close', leave);
    },
    onResponseStarted: () => void (isAnswered = true),
    onResponseStart(controller, status, _, reason) {
      if (status < 200) return;
      const raw = (controller.rawHeaders ?? []) as (Buffer | string)[];
      const headers = answeredHeaders(raw, { visit, status, cookie: sticky?.cookie });
      response.writeHead(status, plainReason(reason), headers);
      response.on('drain', () => controller.resume());
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd({ rawTrailers }) {
      abandon = undefined;
      const trailers = passedTrailers((rawTrailers ?? []) as (Buffer | string)[]);
      if (trailers.length > 0 && response.chunkedEncoding) response.addTrailers(trailers);
      response.end();
      done('over');
    },
    onResponseError(_, error: NodeJS.ErrnoException) {
      abandon = undefined;
      response.off('close', leave);
      if (isRefused(error) && !request.readableDidRead) return done('refused');
      if (fail(visit, error)) return done('over');
      done(!isAnswered && wasUsed(error) ? 'crossed' : 'broken');
    },
  };
}

/** Tells the visitor what cannot be mended by another try; false where another may. */
export function fail({ request, response, id }: Visit, error: NodeJS.ErrnoException): boolean {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return true;
  }
  const page = pageOf(error);
  if (page !== undefined) answerPage(request, response, { page, id });
  return page !== undefined;
}

function pageOf({ code = '', name }: NodeJS.ErrnoException): Page | undefined {
  if (SILENCE.has(code)) return pages.silent;
  if (TOO_LARGE.has(code)) return pages.answerTooLarge;
  return name === 'HTTPParserError' || code.startsWith('HPE_') ? pages.notUnderstood : undefined;
}
