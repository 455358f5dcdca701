import { setImmediate as nextTurn } from 'node:timers/promises';
import type { logs, Rule, Stream } from '@grid/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { followLogs } from '../logs/follow-log.ts';
import type { FollowedLine, Following } from '../logs/follow-log.ts';
import type { Follower } from '../logs/followers.ts';
import { authenticateToken } from '../accounts/authenticate.ts';
import type { User } from '../accounts/user.ts';
import { whenClosed } from '../lib/when-closed.ts';
import type { Log } from '../lib/log.ts';
import type { Seats } from '../limits/seats.ts';
import type { Followers } from '../logs/followers.ts';
import { readCall } from './serve.ts';
import { takeSeat } from './take-seat.ts';
import type { Call, Serving } from './serve.ts';
import { openEventStream } from './sse.ts';
import type { EventStream } from './sse.ts';

/** What logs are served with. */
export type LogServing = Serving & {
  log: Log;
  /** Who reads which log just now. */
  followers: Followers;
  /** What connections of a user hold. */
  seats: Seats;
};

/** A log that somebody may read. */
export type ReadLog<Data> = (Pick<Following, 'sources'> | { follower: Follower }) & {
  /** Whether the stream ends once its subject is settled. */
  untilSettled?: boolean;
  /** Whether it tells lines that have not ended, too. */
  unended?: boolean;
  /** A line as clients know it, or undefined where it was not asked for. */
  present(followed: FollowedLine): Data | undefined;
};

/** What ends a stream, beside the client. */
type Bounds = { until?: Date | undefined; limit?: number | undefined };

/** Serves a log as server-sent events: what is there, then what comes. */
export function serveLog<
  P extends z.ZodType,
  Q extends z.ZodType<Bounds>,
  D extends z.ZodType,
  Who extends Exclude<Rule, 'open'>,
>(
  app: FastifyInstance,
  serving: LogServing,
  stream: Stream<P, Q, D, Who>,
  open: (call: Call<z.output<P>, z.output<Q>, unknown, Who>) => Promise<ReadLog<z.input<D>>>,
): void {
  app.route({
    method: 'GET',
    url: stream.path,
    config: { guarded: true },
    async handler(request, reply) {
      let stand = (): void => undefined;
      const takeSlot = async ({ id }: User): Promise<void> => {
        whenClosed(reply.raw, serving.crowd.streams.take(''));
        stand = await takeSeat(serving, 'log-followers', id);
      };
      try {
        const readBody = async (): Promise<undefined> => undefined;
        const call = await readCall(serving, stream, { request, takeSlot, readBody });
        const log = await open(call);
        const events = openEventStream(reply);
        const { event } = stream;
        cutWhenRevoked(serving, request, events);
        try {
          const from = lastEventId(request);
          const { until, limit } = call.query;
          await send(events, { ...log, event, from, until, limit, now: serving.clock() });
        } catch (error) {
          serving.log.error({ err: error, path: request.url }, 'a log could not be read');
        }
        events.end();
      } finally {
        stand();
      }
    },
  });
}

/** How long somebody goes on reading with credentials that have been revoked. */
const PROVEN_EVERY = 15_000;

/** Asks from time to time whether whoever reads still may come in. */
function cutWhenRevoked(
  { database, clock, log }: LogServing,
  { headers: { authorization } }: FastifyRequest,
  events: EventStream,
): void {
  const prove = async (): Promise<void> => {
    if ((await authenticateToken(database, authorization, clock())) === undefined) events.cut();
  };
  const timer = setInterval(() => {
    prove().catch((error: unknown) => log.warn({ err: error }, 'a reader could not be proven'));
  }, PROVEN_EVERY);
  events.whenLeft(() => clearInterval(timer));
}

function lastEventId({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' ? id : undefined;
}

type Sending = ReadLog<unknown> & Bounds & { event: string; from: string | undefined; now: number };

/** Sends what was asked for, each line when the client has room for it, and why there is no more. */
async function send(events: EventStream, sending: Sending): Promise<void> {
  const { event, present } = sending;
  const { signal } = events;
  let left = sending.limit ?? Number.MAX_SAFE_INTEGER;
  let looked = 0;
  for await (const followed of followLogs(followingOf(sending, signal))) {
    looked += 1;
    if (looked % LINES_IN_A_ROW === 0) await nextTurn();
    const data = present(followed);
    if (data === undefined) continue;
    await events.send({ event, id: followed.cursor, data: JSON.stringify(data) });
    if (!isUnended(data)) left -= 1;
    if (left === 0) break;
  }
  if (signal.aborted) return;
  const end = left === 0 ? { endedBy: 'LIMIT_REACHED' as const } : endOf(sending);
  await events.send({ event: 'END_OF_STREAM', data: JSON.stringify(end) });
}

/** Whether something else takes its place: it is none of the lines that are counted. */
const isUnended = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && 'unended' in data;

/** Until the time that was asked for, the end of the subject, or for ever. */
function followingOf(sending: Sending, signal: AbortSignal): Following {
  const { from, until, now, unended } = sending;
  const last = until === undefined ? signal : abortAt(until, now);
  if (!('follower' in sending)) return { sources: sending.sources, from, until: last, signal };
  const { follower, untilSettled } = sending;
  const { sources, settled } = follower;
  const ends = last !== undefined && untilSettled === true;
  return {
    sources,
    follower,
    from,
    unended,
    until: ends ? AbortSignal.any([last, settled]) : last,
    signal,
  };
}

function endOf(sending: Sending): z.input<typeof logs.EndOfStream> {
  const { until, now } = sending;
  const isPast = until !== undefined && until.getTime() <= now;
  const isSettled =
    !isPast &&
    'follower' in sending &&
    sending.untilSettled === true &&
    sending.follower.settled.aborted;
  return isSettled
    ? { endedBy: 'SETTLED', status: sending.follower.status() }
    : { endedBy: 'UNTIL_REACHED' };
}

/** Whoever reads a long log lets others have their turn. */
const LINES_IN_A_ROW = 100;

/** The longest that a timer can be set for. */
const LONGEST_TIMER = 2 ** 31 - 1;

const abortAt = (until: Date, now: number): AbortSignal | undefined =>
  until.getTime() <= now
    ? undefined
    : AbortSignal.timeout(Math.min(LONGEST_TIMER, until.getTime() - now));
