import { Agent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { Unavailable } from '../../lib/unavailable.ts';

/**
 * A client of the Engine API (https://docs.docker.com/reference/api/engine/), as Docker and Podman serve
 * it on a Unix socket. Every call rejects with `Unavailable` where nobody answers, and with `DockerError`
 * where the engine refuses.
 */
export type DockerClient = {
  /** An answer of JSON, or undefined where there is none. */
  ask<T>(call: Call, signal: AbortSignal): Promise<T>;
  /** An answer that is read as it comes. */
  open(call: Call, signal: AbortSignal): Promise<IncomingMessage>;
  /** A connection that is the caller's own from then on. */
  hijack(call: Call, signal: AbortSignal): Promise<Socket>;
};

export type Call = {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version: `/containers/json`. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON, or as it comes where it is a stream (a tar archive). */
  body?: object | Readable;
  headers?: Readonly<Record<string, string>>;
  /** How long an answer may take; a minute unless it is said. Who asks for longer knows why. */
  withinSeconds?: number;
};

export class DockerError extends Error {
  override readonly name = 'DockerError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether the engine says that there is no such thing. */
export const isMissing = (error: unknown): boolean =>
  error instanceof DockerError && error.status === 404;

/** Whether it says that the thing is there already, or as it is wanted already. */
export const isThere = (error: unknown): boolean =>
  error instanceof DockerError && (error.status === 409 || error.status === 304);

/** Spoken from 1.40 (Docker 19.03) on; 1.47 is the newest that was tried. */
const OLDEST = 40;
const NEWEST = 47;

export function createDockerClient(socketPath: string): DockerClient {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 8 });
  const engine: EngineSocket = { socketPath, agent, version: undefined };
  return {
    async ask<T>(call: Call, signal: AbortSignal): Promise<T> {
      const body = await askInTime(engine, call, signal);
      return (body === '' ? undefined : JSON.parse(body)) as T;
    },
    open: (call, signal) => open(engine, call, signal),
    hijack: (call, signal) => hijack(engine, call, signal),
  };
}

const ANSWERS_WITHIN = 60;

/** The answer's text; an engine that hangs is as good as away. */
async function askInTime(engine: EngineSocket, call: Call, signal: AbortSignal): Promise<string> {
  const seconds = call.withinSeconds ?? ANSWERS_WITHIN;
  const late = AbortSignal.timeout(seconds * 1000);
  const either = AbortSignal.any([signal, late]);
  try {
    const answer = await open(engine, call, either);
    return await text(answer).catch((error: NodeJS.ErrnoException) => {
      throw describe(engine, error, either);
    });
  } catch (error) {
    if (!late.aborted || signal.aborted) throw error;
    throw new Unavailable(
      `The Docker engine at ${engine.socketPath}: it has not answered for ${seconds} seconds.`,
    );
  }
}

type EngineSocket = { socketPath: string; agent: Agent; version: string | undefined };

/** The version that both speak, as the engine answers a ping; asked again after it was away. */
async function negotiate(engine: EngineSocket, signal: AbortSignal): Promise<string> {
  if (engine.version !== undefined) return engine.version;
  const answer = await send(engine, { path: '/_ping' }, { agent: engine.agent }, signal);
  answer.resume();
  const [, minor] = /^1\.(\d+)$/.exec(String(answer.headers['api-version'])) ?? [];
  if (minor === undefined || Number(minor) < OLDEST)
    throw new Unavailable(
      `The engine at ${engine.socketPath} does not speak Docker's API 1.${OLDEST} (Docker 19.03) or newer.`,
    );
  engine.version = `v1.${Math.min(Number(minor), NEWEST)}`;
  return engine.version;
}

async function open(
  engine: EngineSocket,
  call: Call,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const version = await negotiate(engine, signal);
  const versioned = { ...call, path: `/${version}${call.path}` };
  const answer = await send(engine, versioned, { agent: engine.agent }, signal);
  return refuseFailure(answer);
}

async function hijack(engine: EngineSocket, call: Call, signal: AbortSignal): Promise<Socket> {
  const version = await negotiate(engine, signal);
  const versioned = { ...call, path: `/${version}${call.path}` };
  const headers = { connection: 'Upgrade', upgrade: 'tcp' };
  return new Promise((resolve, reject) => {
    const outgoing = begin(engine, versioned, { agent: false, headers });
    outgoing.once('upgrade', (_, socket: Socket, head: Buffer) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    outgoing.once('response', (answer) => {
      refuseFailure(answer).then(() => reject(new Error('the engine gave no connection')), reject);
    });
    outgoing.once('error', (error) => reject(describe(engine, error, signal)));
    signal.addEventListener('abort', () => outgoing.destroy(), { once: true });
    outgoing.end(call.body === undefined ? undefined : JSON.stringify(call.body));
  });
}

function begin(
  engine: EngineSocket,
  { method, path, query, body, headers }: Call,
  how: RequestOptions,
) {
  const search = new URLSearchParams(
    Object.entries(query ?? {})
      .filter(([, value]) => value !== undefined)
      .map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  const type = body instanceof Readable ? 'application/x-tar' : 'application/json';
  return httpRequest({
    ...how,
    socketPath: engine.socketPath,
    method: method ?? 'GET',
    path: search === '' ? path : `${path}?${search}`,
    headers: {
      host: 'docker',
      ...(body !== undefined && { 'content-type': type }),
      ...(how.headers as Record<string, string> | undefined),
      ...headers,
    },
  });
}

function send(
  engine: EngineSocket,
  call: Call,
  how: RequestOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = begin(engine, call, { ...how, signal });
    outgoing.once('response', resolve);
    outgoing.once('error', (error) => reject(describe(engine, error, signal)));
    give(outgoing, call.body);
  });
}

function give(outgoing: ClientRequest, body: Call['body']): void {
  if (!(body instanceof Readable)) {
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    return;
  }
  // what goes wrong on the way is heard of the request
  pipeline(body, outgoing).catch((error: Error) => outgoing.destroy(error));
}

async function refuseFailure(answer: IncomingMessage): Promise<IncomingMessage> {
  const { statusCode = 0 } = answer;
  if (statusCode < 400 && statusCode !== 304) return answer;
  const body = await text(answer);
  throw new DockerError(statusCode, messageOf(body) ?? `the engine answered ${statusCode}`);
}

function messageOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { message?: string }).message;
  } catch {
    return body.trim() === '' ? undefined : body.trim();
  }
}

/** What a broken connection means: that nobody is there, unless we broke it ourselves. */
function describe(engine: EngineSocket, error: NodeJS.ErrnoException, signal: AbortSignal): Error {
  if (signal.aborted) return error;
  engine.version = undefined;
  const denied = error.code === 'EACCES' || error.code === 'EPERM';
  const why = denied
    ? 'this user may not use it (usermod -aG docker <user>)'
    : `it does not answer (${error.code ?? error.message})`;
  return new Unavailable(`The Docker engine at ${engine.socketPath}: ${why}.`);
}
