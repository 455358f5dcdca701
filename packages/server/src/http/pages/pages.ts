import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Refusal, refusals } from '../../lib/refusal.ts';
import { troubleOf } from '../../store/trouble.ts';
import { readBody } from '../read-body.ts';
import { apiPage } from './api-page.ts';
import { html } from './html.ts';
import { renderPage } from './page.ts';
import { cliOauthPage } from './cli-oauth-page.ts';
import { consolePage } from './console-page.ts';
import type { Log } from '../../lib/log.ts';
import type { SignInNeeds } from './sign-in-page.ts';
import { signInPage } from './sign-in-page.ts';
import { startPage } from './start-page.ts';

const LARGEST_FORM = 16 * 1024;

type PageNeeds = SignInNeeds & {
  log: Log;
  version: string;
  /** Addresses as users see them. */
  addresses(): { url: string };
};

/** What browsers are shown; forms come as browsers send them. */
export function pages(app: FastifyInstance, needs: PageNeeds): void {
  app.register(async (own) => {
    own.removeAllContentTypeParsers();
    own.addContentTypeParser(
      'application/x-www-form-urlencoded',
      async (_: FastifyRequest, form: IncomingMessage) => {
        const text = await readBody(form, { limit: LARGEST_FORM });
        return Object.fromEntries(new URLSearchParams(text));
      },
    );
    answerErrors(own, needs);
    startPage(own, needs);
    apiPage(own, needs);
    signInPage(own, needs);
    cliOauthPage(own, needs);
    consolePage(own);
  });
}

/** What went wrong, as a page. */
function answerErrors(app: FastifyInstance, { log }: PageNeeds): void {
  app.setErrorHandler((error, _request, reply) => {
    const { status, message } = describe(error);
    if (status >= 500) log.error({ err: error }, 'a page failed');
    const body = html`<h1>This did not work</h1>
      <p class="alert">${message}</p>`;
    return reply
      .code(status)
      .type('text/html; charset=utf-8')
      .send(renderPage({ title: 'This did not work', body }));
  });
}

function describe(error: unknown): { status: number; message: string } {
  if (error instanceof Refusal) return { status: refusals[error.code], message: error.message };
  if (error instanceof z.ZodError) return { status: 400, message: 'The form is not complete.' };
  const { statusCode = 500, message = '' } = error as { statusCode?: number; message?: string };
  if (statusCode < 500) return { status: statusCode, message };
  const trouble = troubleOf(error);
  return trouble === undefined
    ? { status: 500, message: 'The platform failed; its log says why.' }
    : { status: refusals.unavailable, message: trouble };
}
