import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGunzip } from 'node:zlib';
import { authenticateHeader } from '../accounts/authenticate.ts';
import { Refusal, refusals } from '../lib/refusal.ts';
import { troubleOf } from '../store/trouble.ts';
import { demandPush, demandRepository } from './accept-push.ts';
import type { GitDeps } from './accept-push.ts';
import { serveGit } from './serve-git.ts';
import type { Service } from './serve-git.ts';

type Asked = { repository: string; service: Service; advertise: boolean };

/**
 * Git's smart HTTP protocol (git's Documentation/gitprotocol-http): `/git/<APP_ID>[.git]/info/refs` and
 * the two services, for the token pair as user and password.
 */
export async function handleGitHttp(
  deps: GitDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const asked = parseRequest(request);
    const user = await authenticateHeader(
      deps.database.read,
      request.headers.authorization,
      deps.clock(),
    );
    if (user === undefined) return askForCredentials(response);
    const application = await demandRepository(deps, user, asked.repository);
    const { service, advertise } = asked;
    if (service === 'git-receive-pack') await demandPush(deps, application);
    const type = `application/x-${service}-${advertise ? 'advertisement' : 'result'}`;
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
    if (advertise) response.write(`${packet(`# service=${service}\n`)}0000`);
    const gzip = request.headers['content-encoding'] === 'gzip';
    const protocol = request.headers['git-protocol'];
    await serveGit(deps, {
      service,
      application,
      user,
      input: gzip ? request.pipe(createGunzip()) : request,
      output: response,
      errors: undefined,
      protocol: typeof protocol === 'string' ? protocol : undefined,
      stateless: true,
      advertise,
    });
    response.end();
  } catch (error) {
    refuse(response, error);
  }
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
  });
  response.end(
    `${known ? error.message : (trouble ?? 'The platform failed; its log says why.')}\n`,
  );
}
