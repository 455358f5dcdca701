import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { serveHttp } from './http.ts';

/**
 * Repositories of a folder over HTTP: below `/smart/` as git's own server has them, below `/dumb/` as plain files,
 * below `/private/` for nobody. Below `/lfs/` it is a server of Git LFS with these contents.
 */
export async function serveRepositories(
  t: TestContext,
  root: string,
  contents: readonly Buffer[] = [],
) {
  const known = new Map(contents.map((one) => [digest(one), one]));
  const ways: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
    smart: (request, response) => runBackend(root, request, response),
    dumb: (request, response) => sendFile(join(root, pathOf(request)), response),
    private: (_, response) => response.writeHead(401, { 'www-authenticate': 'Basic' }).end(),
    lfs: (request, response) => answerLfs(known, request, response),
  };
  return serveHttp(t, (request, response) => {
    const [, way = ''] = (request.url ?? '').split('/');
    const answer = ways[way];
    if (answer === undefined) response.writeHead(404).end();
    else void answer(request, response);
  });
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const pathOf = ({ url = '' }: IncomingMessage): string =>
  new URL(url, 'http://x').pathname.split('/').slice(2).join('/');

function sendFile(path: string, response: ServerResponse): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    return void response.writeHead(404).end();
  createReadStream(path).pipe(response);
}

/** Git's own program, as a web server runs it (CGI). */
async function runBackend(root: string, request: IncomingMessage, response: ServerResponse) {
  const env = {
    PATH: process.env['PATH'],
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    PATH_INFO: `/${pathOf(request)}`,
    QUERY_STRING: new URL(request.url ?? '', 'http://x').search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    GIT_PROTOCOL: request.headers['git-protocol']?.toString(),
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  // it may have answered before it has read all
  child.stdin.on('error', () => undefined);
  child.stdin.end(await buffer(request));
  const answer = await buffer(child.stdout);
  const end = answer.indexOf('\r\n\r\n');
  for (const line of answer.toString('latin1', 0, end).split('\r\n')) {
    const [name = '', value = ''] = line.split(': ');
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(answer.subarray(end + 4));
}

type Batch = { objects: { oid: string; size: number }[] };

/** The two requests of git-lfs's docs/api: what there is of the objects, and one of them. */
async function answerLfs(
  known: ReadonlyMap<string, Buffer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, oid = ''] = /objects\/([0-9a-f]{64})$/.exec(request.url ?? '') ?? [];
  if (request.method === 'GET') return void response.end(known.get(oid));
  const { objects } = JSON.parse((await buffer(request)).toString()) as Batch;
  const told = objects.map((one) => {
    const href = `http://${request.headers.host}/lfs/objects/${one.oid}`;
    return known.has(one.oid)
      ? { ...one, actions: { download: { href } } }
      : { ...one, error: { code: 404, message: 'no such object' } };
  });
  response.setHeader('content-type', 'application/vnd.git-lfs+json');
  response.end(JSON.stringify({ transfer: 'basic', objects: told }));
}

/** What git has in the place of a content that Git LFS keeps. */
export const pointerTo = (content: Buffer): string =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${digest(content)}\nsize ${content.length}\n`;
