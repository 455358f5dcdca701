import type { IncomingMessage, ServerResponse } from 'node:http';

export type Page = { status: number; title: string; advice: string };

/** What visitors are told where no application answers. */
export const pages = {
  unknownHost: {
    status: 404,
    title: 'No application has this address',
    advice: 'Check the address, or add it as a domain of the application.',
  },
  stopped: {
    status: 503,
    title: 'This application is stopped',
    advice: 'Whoever looks after it can start it again.',
  },
  failed: {
    status: 503,
    title: 'This application does not run',
    advice: 'Its last deployment failed; the log of that deployment says why.',
  },
  starting: {
    status: 503,
    title: 'This application is still starting',
    advice: 'Try again in a moment.',
  },
  broken: {
    status: 502,
    title: 'The application broke off its answer',
    advice: 'Try again; the application’s log may say more.',
  },
  answerTooLarge: {
    status: 502,
    title: 'The head of the application’s answer is too large',
    advice: 'Headers may have 64 KiB. The application sets too many cookies, or too long ones.',
  },
  notUnderstood: {
    status: 502,
    title: 'The application’s answer cannot be understood',
    advice: 'It is not valid HTTP; the application’s log may say more.',
  },
  silent: {
    status: 504,
    title: 'The application did not answer in time',
    advice: 'Nothing was heard from it for too long. Long work is better done in the background.',
  },
  restarting: {
    status: 503,
    title: 'The control plane is restarting',
    advice: 'Applications keep serving. Try again in a few seconds.',
  },
  interrupted: {
    status: 502,
    title: 'The control plane ended while it answered',
    advice: 'Look whether it was done before you try again.',
  },
  plain: {
    status: 403,
    title: 'The platform is spoken to over https',
    advice: 'What you sent came unencrypted and was not looked at. Use the https address.',
  },
  onlySecure: {
    status: 403,
    title: 'This application is spoken to over https',
    advice: 'Use the https address (wss for WebSockets).',
  },
  tooMany: {
    status: 503,
    title: 'Too many requests wait for this application to start',
    advice: 'Try again in a moment.',
  },
  crowded: {
    status: 503,
    title: 'Too many requests to this application are under way',
    advice: 'It has as many connections as the platform gives to one application. Try again soon.',
  },
  tooManyOfYours: {
    status: 429,
    title: 'Too many requests from your address are under way',
    advice: 'Try again when some of them are over.',
  },
  busy: {
    status: 503,
    title: 'Too many requests are under way',
    advice: 'Applications keep serving. Try again in a few seconds.',
  },
  tooManyHeaders: {
    status: 431,
    title: 'This request has too many headers',
    advice: 'There may be 100 of them, and 64 KiB. Deleting the cookies of this site may help.',
  },
  badRequest: {
    status: 400,
    title: 'This request cannot be understood',
    advice: 'It is not valid HTTP.',
  },
} as const satisfies Record<string, Page>;

const html = ({ status, title, advice }: Page, id: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${status} ${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem;color:#222;background:#fff}
h1{font-size:1.4rem}small{color:#666}@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}small{color:#999}}</style></head>
<body><h1>${title}</h1><p>${advice}</p><p><small>${status} · request ${id}</small></p></body></html>
`;

/** Answers with a page for browsers, a line for programs; nothing is answered twice. */
export function answerPage(
  request: Pick<IncomingMessage, 'headers'>,
  response: ServerResponse,
  { page, id }: { page: Page; id: string },
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const browser = request.headers.accept?.includes('text/html') === true;
  const body = browser ? html(page, id) : `${page.title}. ${page.advice} (request ${id})\n`;
  response.writeHead(page.status, {
    'content-type': browser ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-request-id': id,
    ...([429, 503].includes(page.status) && { 'retry-after': '5' }),
  });
  response.end(body);
}
