import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Origin } from './forwarded-headers.ts';

/** A request on its way through the router. */
export type Visit = {
  request: IncomingMessage;
  response: ServerResponse;
  id: string;
  origin: Origin;
  startedAt: number;
  /** Instances that it was not taken by. */
  tried: Set<string>;
};
