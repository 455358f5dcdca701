import type { z } from 'zod';

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

/** Messages both ways, as JSON, over a WebSocket; the client's first says who it is. */
export type Socket<
  FromClient extends z.ZodType = z.ZodType,
  FromPlatform extends z.ZodType = z.ZodType,
> = {
  path: string;
  summary: string;
  fromClient: FromClient;
  fromPlatform: FromPlatform;
};

export const socket = <FromClient extends z.ZodType, FromPlatform extends z.ZodType>(
  description: Socket<FromClient, FromPlatform>,
): Socket<FromClient, FromPlatform> => description;
