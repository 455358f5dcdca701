import { once } from 'node:events';
import type { FastifyReply } from 'fastify';
import { whenClosed } from '../lib/when-closed.ts';

const HEARTBEAT_EVERY = 2_000;

export type EventStream = {
  /** Sends an event; resolves when the client has room for more. */
  send(event: { event: string; id?: string; data: string }): Promise<void>;
  end(): void;
  /** Ends it at once, whatever is still to be read. */
  cut(): void;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  /** Calls back then, also where they have left. */
  whenLeft(then: () => void): void;
};

/** Server-sent events (HTML standard §9.2) with a heartbeat, which clients need every few seconds. */
export function openEventStream(reply: FastifyReply): EventStream {
  reply.hijack();
  const { raw } = reply;
  const leaving = new AbortController();
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  // who does not read what was sent needs no sign that we are here
  const beat = (): boolean => !raw.writableNeedDrain && raw.write('event:HEARTBEAT\ndata:{}\n\n');
  const timer = setInterval(beat, HEARTBEAT_EVERY);
  raw.on('error', () => leaving.abort());
  beat();
  whenClosed(raw, () => {
    clearInterval(timer);
    leaving.abort();
  });
  return {
    signal: leaving.signal,
    whenLeft: (then) => whenClosed(raw, then),
    end: () => raw.end(),
    cut: () => raw.destroy(),
    async send({ event, id, data }) {
      if (leaving.signal.aborted) return;
      const text = `event:${event}\n${id === undefined ? '' : `id:${id}\n`}data:${data}\n\n`;
      if (!raw.write(text)) await once(raw, 'drain', leaving).catch(() => undefined);
    },
  };
}
