import type { z } from 'zod';

/** The most bytes that a body may have, unless its description says otherwise. */
export const BODY_LIMIT = 16 * 1024;

/** One thing that the HTTP API can do: served, called and listed from this description. */
export type Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Result extends z.ZodType = z.ZodType,
> = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `:name` stands for a parameter. */
  path: string;
  summary: string;
  /** Whether it answers to whoever asks. */
  open?: boolean;
  params: Params;
  query: Query;
  body: Body;
  /** The most bytes that a body may have, where it is not `BODY_LIMIT`. */
  bodyLimit?: number;
  result: Result;
};

export const endpoint = <
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Result extends z.ZodType,
>(
  description: Endpoint<Params, Query, Body, Result>,
): Endpoint<Params, Query, Body, Result> => description;

/** Server-sent events that go on until their window ends, what they are of does, or the client leaves. */
export type Stream<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Data extends z.ZodType = z.ZodType,
> = {
  path: string;
  summary: string;
  params: Params;
  query: Query;
  /** What the events are called, and what each says; heartbeats and the end come between and after. */
  event: string;
  data: Data;
};

export const stream = <Params extends z.ZodType, Query extends z.ZodType, Data extends z.ZodType>(
  description: Stream<Params, Query, Data>,
): Stream<Params, Query, Data> => description;

/** Messages both ways, as JSON, over a WebSocket; the client's first says who it is. */
export type Socket<
  FromClient extends z.ZodType = z.ZodType,
  FromPlatform extends z.ZodType = z.ZodType,
> = {
  path: string;
  summary: string;
  fromClient: FromClient;
  fromPlatform: FromPlatform;
  /** What the texts in its messages are, once they are parsed. */
  nested: z.ZodType;
};

export const socket = <FromClient extends z.ZodType, FromPlatform extends z.ZodType>(
  description: Socket<FromClient, FromPlatform>,
): Socket<FromClient, FromPlatform> => description;
