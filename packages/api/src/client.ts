import type { z } from 'zod';
import type { Endpoint, Stream } from './endpoint.ts';

/** An answer of 400 and more. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string | undefined;
  readonly fields: Readonly<Record<string, string>>;

  constructor(
    status: number,
    body: { message?: string; code?: string; fields?: Record<string, string> },
  ) {
    super(body.message ?? `the platform answered ${status}`);
    this.status = status;
    this.code = body.code;
    this.fields = body.fields ?? {};
  }
}

export type HttpRequest = {
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  signal?: AbortSignal | undefined;
};

export type HttpAnswer = { status: number; body: AsyncIterable<Uint8Array> };

/** How requests travel: `fetch` in a browser, a socket for the command line. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

type Call<P, Q, B> = { params?: P; query?: Q; body?: B; signal?: AbortSignal };

type StreamCall<P, Q> = {
  params: P;
  query?: Q;
  lastEventId?: string | undefined;
  signal?: AbortSignal | undefined;
};

export type Client = {
  /** Calls an endpoint; rejects with `ApiError` where it is refused. */
  call<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
    endpoint: Endpoint<P, Q, B, R>,
    call?: Call<z.input<P>, z.input<Q>, z.input<B>>,
  ): Promise<z.output<R>>;
  /** The events of a stream, as they come, until it ends; `lastEventId` goes on after an earlier one. */
  events<P extends z.ZodType, Q extends z.ZodType>(
    stream: Stream<P, Q>,
    call: StreamCall<z.input<P>, z.input<Q>>,
  ): AsyncGenerator<ServerEvent>;
};

export type ServerEvent = { event: string; id: string | undefined; data: string };

export function createClient(transport: Transport, authorization?: string): Client {
  const credentials = authorization === undefined ? {} : { authorization };
  return {
    async call(endpoint, { params, query, body, signal } = {}) {
      const answer = await transport({
        method: endpoint.method,
        path: fill(endpoint.path, params as Record<string, string>) + toQuery(query),
        headers: {
          accept: 'application/json',
          ...credentials,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      });
      const text = await readText(answer.body);
      if (answer.status >= 400) throw toError(answer.status, text);
      return endpoint.result.parse(text === '' ? undefined : JSON.parse(text));
    },
    async *events(stream, { params, query, lastEventId, signal }) {
      const path = fill(stream.path, params as Record<string, string>) + toQuery(query);
      const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const headers = { accept: 'text/event-stream', ...credentials, ...resume };
      const answer = await transport({ method: 'GET', path, headers, body: undefined, signal });
      if (answer.status >= 400) throw toError(answer.status, await readText(answer.body));
      yield* readEvents(answer.body);
    },
  };
}

/** The API's own object, or the page of whoever stands before it. */
function toError(status: number, text: string): ApiError {
  try {
    const body = JSON.parse(text) as { message?: string; error?: string };
    return new ApiError(status, { ...body, message: body.message ?? body.error ?? text });
  } catch {
    return new ApiError(status, { message: text.trim() });
  }
}

const fill = (path: string, params: Readonly<Record<string, string>> = {}): string =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));

function toQuery(query: unknown): string {
  const pairs = Object.entries((query ?? {}) as Record<string, unknown>)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, String(value)] as [string, string]);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of body) text += decoder.decode(part, { stream: true });
  return text + decoder.decode();
}

/** Parses `text/event-stream` (HTML standard, §9.2.6), of which nothing but CR and LF ends a line. */
async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of body) {
    const blocks = (rest + decoder.decode(part, { stream: true })).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield parseEvent(block);
  }
}

function parseEvent(block: string): ServerEvent {
  const fields = block.split(/\r?\n/).map((line) => /^(\w+): ?(.*)$/s.exec(line) ?? []);
  const last = (name: string) => fields.findLast(([, field]) => field === name)?.[2];
  const data = fields.filter(([, field]) => field === 'data').map(([, , value]) => value);
  return { event: last('event') ?? 'message', id: last('id'), data: data.join('\n') };
}
