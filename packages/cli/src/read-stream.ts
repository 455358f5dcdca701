import type { Client, ServerEvent, Stream } from '@grid/api';
import { Failure } from './fail.ts';

const RECONNECT_AFTER = 500;
/** A control plane that restarts is back in seconds; one that stays away is not waited for. */
const GONE_AFTER = 60_000;
/** A stream beats every two seconds, and what asks while the platform restarts is answered within ten. */
const SILENT_AFTER = 15_000;

const wait = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

type StreamCall = {
  params: { ownerId: string; applicationId: string };
  query: Readonly<Record<string, string | undefined>>;
};

/** What a stream brings until its end, also over a restart of the platform. */
export async function* readStream<S extends Stream>(
  client: Client,
  stream: S,
  call: StreamCall,
): AsyncGenerator<ReturnType<S['data']['parse']>> {
  let lastEventId: string | undefined;
  const patience = bePatient();
  for (;;) {
    let beats = 0;
    try {
      for await (const { event, id, data } of hear(client, stream, { ...call, lastEventId })) {
        if (event === 'END_OF_STREAM') return;
        beats += 1;
        // the first comes whatever follows: a platform that can do no more is as good as away
        if (beats > 1) patience.answered();
        if (event !== stream.event) continue;
        lastEventId = id;
        yield JSON.parse(data) as ReturnType<S['data']['parse']>;
      }
      patience.failed(new Lost());
    } catch (error) {
      patience.failed(error);
    }
    await wait(RECONNECT_AFTER);
  }
}

/** Asks once more while the platform is away, for what may be asked twice. */
export async function askPatiently<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const patience = bePatient();
  for (;;) {
    try {
      return await ask(AbortSignal.timeout(SILENT_AFTER));
    } catch (error) {
      patience.failed(error);
    }
    await wait(RECONNECT_AFTER);
  }
}

/** The events of one connection, which is given up where it is silent. */
async function* hear(
  client: Client,
  stream: Stream,
  call: StreamCall & { lastEventId: string | undefined },
): AsyncGenerator<ServerEvent> {
  const silence = new AbortController();
  const events = client.events(stream, { ...call, signal: silence.signal });
  try {
    for (;;) {
      const timer = setTimeout(() => silence.abort(new Lost()), SILENT_AFTER);
      const { value, done } = await events.next().finally(() => clearTimeout(timer));
      if (done === true) return;
      yield value;
    }
  } finally {
    await events.return(undefined);
  }
}

/** A connection that ended, or fell silent, before what it was for was done. */
class Lost extends Error {
  override readonly name = 'Lost';
}

const LOST = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ABORT_ERR']);

const isLost = (error: unknown): boolean =>
  error instanceof Lost ||
  (error as Error).name === 'TimeoutError' ||
  LOST.has((error as NodeJS.ErrnoException).code ?? '') ||
  (error as { status?: number }).status === 503 ||
  /server response: 50[23]$/.test((error as Error).message) ||
  (error as Error).message.includes('No platform answers');

/** Bears errors of a platform that is away, for a while. */
export function bePatient() {
  let awaySince: number | undefined;
  return {
    answered: () => {
      awaySince = undefined;
    },
    failed: (error: unknown) => {
      if (!isLost(error)) throw error;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > GONE_AFTER)
        throw new Failure('The platform does not answer any more. What was deployed goes on.');
    },
  };
}
