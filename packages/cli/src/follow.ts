import { deployments, logs, runs } from '@grid/api';
import type { Application, Client, Deployment, LogRecord, RunDetails } from '@grid/api';
import { paramsOf } from './find-application.ts';
import { colour, say } from './print.ts';
import { askPatiently, readStream } from './read-stream.ts';

export function formatLine({ date, message, service, stream }: LogRecord): string {
  const time = colour('dim', date.slice(11, 23));
  const text =
    service === 'bas-deploy' || stream === 'platform' ? colour('cyan', message) : message;
  return `${time} ${stream === 'stderr' ? colour('red', text) : text}`;
}

/** Prints a deployment's log as it comes until the deployment is live or over; how it stands then. */
export async function followDeployment(
  client: Client,
  application: Application,
  deploymentId: string,
): Promise<Deployment> {
  const owned = paramsOf(application);
  const query = { deploymentId, untilSettled: 'true' };
  for await (const line of readStream(client, logs.streamLogs, { params: owned, query }))
    say(formatLine(line));
  const params = { ...owned, deployment: deploymentId };
  return askPatiently((signal) => client.call(deployments.getDeployment, { params, signal }));
}

export type RunParams = { ownerId: string; applicationId: string; runId: string };

/** Prints the log of a run, or of one of its nodes: until a time, or as it comes until the run is over. */
export async function printRunLog(
  client: Client,
  params: RunParams,
  { node, until }: { node?: number | undefined; until?: Date },
): Promise<void> {
  const query = { node: node?.toString(), until: until?.toISOString() };
  for await (const line of readStream(client, runs.streamRunLog, { params, query }))
    say(formatLine(line));
}

/** Prints it to its end; how that was. */
export async function followRun(
  client: Client,
  params: RunParams,
  node?: number,
): Promise<RunDetails> {
  await printRunLog(client, params, { node });
  return askPatiently((signal) => client.call(runs.getRun, { params, signal }));
}
