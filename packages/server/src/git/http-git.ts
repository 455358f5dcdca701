import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { authenticateHeader } from '../accounts/authenticate.ts';
import { carry } from '../lib/carry.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import { Refusal, refusals } from '../lib/refusal.ts';
import { troubleOf } from '../store/trouble.ts';
import { requirePush, requireRepository } from './accept-push.ts';
import type { GitDeps } from './accept-push.ts';
import { isLfs, refuseLfs } from './refuse-lfs.ts';
import { serveGit } from './serve-git.ts';
import type { Service } from './serve-git.ts';

type Asked = { repository: string; service: Service; advertise: boolean };

/** A body that stands still for so long is given up. */
const SILENT = MINUTE;

/**
 * Git's smart HTTP protocol (git's Documentation/gitprotocol-http): `/git/<APP_ID>[.git]/info/refs` and
 * the two services, for the token pair as user and password.
 */
export async function handleGitHttp(
  deps: GitDeps & { log: Log },
  request: IncomingMessage,
  response: ServerResponse,
  silentMs = SILENT,
): Promise<void> {
  // a client may go at any moment, and its going is seen by who reads it
  for (const stream of [request, response]) stream.on('error', () => undefined);
  let input: Readable = request;
  try {
    if (isLfs(request)) return refuseLfs(response);
    const asked = parseRequest(request);
    const user = await authenticateHeader(
      deps.database,
      request.headers.authorization,
      deps.clock(),
    );
    if (user === undefined) return askForCredentials(response);
    const application = await requireRepository(deps, user, asked.repository);
    const { service, advertise } = asked;
    if (service === 'git-receive-pack') await requirePush(deps, application);
    const type = `application/x-${service}-${advertise ? 'advertisement' : 'result'}`;
    const protocol = request.headers['git-protocol'];
    input = openBody(request);
    // not sent before there is something to say: until then the answer may still be a refusal
    response.setHeader('content-type', type).setHeader('cache-control', 'no-cache');
    const code = await serveGit(deps, {
      service,
      application,
      user,
      input,
      output: response,
      errors: undefined,
      protocol: typeof protocol === 'string' ? protocol : undefined,
      stateless: true,
      advertise: advertise ? `${packet(`# service=${service}\n`)}0000` : undefined,
      silentMs,
    });
    if (code !== 0 && !response.headersSent) throw UNCLEAR;
    response.end();
  } catch (error) {
    if (isOurs(error) && !response.destroyed)
      deps.log.error({ err: error }, 'git failed over HTTP');
    refuse(response, isBrokenBody(error) ? BROKEN : error);
  } finally {
    if (input !== request) input.destroy();
    letGo(request, response);
  }
}

/** What the client sends, inflated where it says that it is deflated. */
function openBody(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return request;
  if (encoding !== 'gzip')
    throw new Refusal(
      'unsupported_encoding',
      `A body is taken as it is, or with gzip; not with ${JSON.stringify(encoding)}.`,
    );
  const inflated = createGunzip();
  inflated.on('error', () => undefined);
  carry(request, inflated, {}).catch(() => undefined);
  return inflated;
}

/** What zlib says of a body that is not what it says. */
const isBrokenBody = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');

const UNCLEAR = new Refusal('invalid', 'Git can make nothing of what was sent.');

const isOurs = (error: unknown): boolean =>
  !(error instanceof Refusal || isBrokenBody(error) || troubleOf(error) !== undefined);

const BROKEN = new Refusal(
  'invalid',
  'The body says that it is gzip, and is not, or not all of it.',
);

/** How long a client may go on sending that has its answer. */
const LINGER = 10 * SECOND;

/** Nobody reads the rest of a body; a client that sends for ever is cut off. */
function letGo(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.destroyed) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), LINGER).unref();
  for (const stream of [request, response]) stream.once('close', () => clearTimeout(timer));
}

/** A length of four hexadecimal digits, itself included, and the text. */
const packet = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text;

const isService = (name: string | null | undefined): name is Service =>
  name === 'git-upload-pack' || name === 'git-receive-pack';

function parseRequest({ method, url = '/' }: IncomingMessage): Asked {
  const { pathname, searchParams } = new URL(url.replace(/^\/+/, '/'), 'http://localhost');
  const [, repository = '', rest = ''] = /^\/git\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
  const service = rest === 'info/refs' ? searchParams.get('service') : rest;
  if (method === (rest === 'info/refs' ? 'GET' : 'POST') && isService(service))
    return { repository, service, advertise: rest === 'info/refs' };
  throw new Refusal('not_found', 'This is no address of a repository that a git client asks for.');
}

function askForCredentials(response: ServerResponse): void {
  response.writeHead(401, {
    'www-authenticate': 'Basic realm="Clever Grid: token as user, secret as password"',
    'content-type': 'text/plain; charset=utf-8',
  });
  response.end('Use your token as user and its secret as password.\n');
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof Refusal;
  const trouble = troubleOf(error);
  const status = trouble === undefined ? 500 : refusals.unavailable;
  response.writeHead(known ? refusals[error.code] : status, {
    'content-type': 'text/plain; charset=utf-8',
    // of its body there may be more
    connection: 'close',
  });
  response.end(
    `${known ? error.message : (trouble ?? 'The platform failed; its log says why.')}\n`,
  );
}
