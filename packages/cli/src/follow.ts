import { setTimeout as wait } from 'node:timers/promises';
import { deployments, logs } from '@grid/api';
import type { Application, Client, Deployment, LogRecord, Stream } from '@grid/api';
import { Failure } from './fail.ts';
import { paramsOf } from './find-application.ts';
import { colour, say } from './print.ts';

const RECONNECT_AFTER = 500;
const ASK_EVERY = 300;
/** How long the log may still bring lines after the deployment is over. */
const LAST_LINES = 600;
/** A control plane that restarts is back in seconds; one that stays away is not waited for. */
const GONE_AFTER = 60_000;

type StreamCall = {
  params: { ownerId: string; applicationId: string };
  query: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal | undefined;
};

/** What a stream brings until its end; without `until` it goes on, also over a restart of the platform. */
export async function* readStream<S extends Stream>(
  client: Client,
  stream: S,
  { params, query, signal }: StreamCall,
): AsyncGenerator<ReturnType<S['data']['parse']>> {
  let lastEventId: string | undefined;
  const patience = bePatient();
  while (!isAborted(signal)) {
    try {
      const call = { params, query, lastEventId, signal };
      for await (const { event, id, data } of client.events(stream, call)) {
        patience.answered();
        if (event === 'END_OF_STREAM') return;
        if (event !== stream.event) continue;
        lastEventId = id;
        yield JSON.parse(data) as ReturnType<S['data']['parse']>;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      patience.failed(error);
    }
    await wait(RECONNECT_AFTER);
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

const isLost = (error: unknown): boolean =>
  ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '') ||
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

export function formatLine({ date, message, service, stream }: LogRecord): string {
  const time = colour('dim', date.slice(11, 23));
  const text =
    service === 'bas-deploy' || stream === 'platform' ? colour('cyan', message) : message;
  return `${time} ${stream === 'stderr' ? colour('red', text) : text}`;
}

/** Prints a deployment's log as it comes until the deployment is over; how it ended. */
export async function followDeployment(
  client: Client,
  application: Application,
  deploymentId: string,
): Promise<Deployment> {
  const over = new AbortController();
  const printing = (async () => {
    const { signal } = over;
    const call = { params: paramsOf(application), query: { deploymentId }, signal };
    for await (const line of readStream(client, logs.streamLogs, call)) say(formatLine(line));
  })();
  try {
    const deployment = await Promise.race([
      awaitEnd(client, { ...paramsOf(application), deployment: deploymentId }),
      printing.then(() => new Promise<never>(() => undefined)),
    ]);
    await wait(LAST_LINES);
    return deployment;
  } finally {
    over.abort();
    await printing.catch(() => undefined);
  }
}

type DeploymentParams = { ownerId: string; applicationId: string; deployment: string };

/** Asks until the deployment is over. */
async function awaitEnd(client: Client, params: DeploymentParams): Promise<Deployment> {
  const patience = bePatient();
  for (;;) {
    try {
      const deployment = await client.call(deployments.getDeployment, { params });
      patience.answered();
      if (deployment.state !== 'WIP') return deployment;
    } catch (error) {
      patience.failed(error);
    }
    await wait(ASK_EVERY);
  }
}
