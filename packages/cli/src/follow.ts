import { deployments, logs, runs } from '@grid/api';
import type { Application, Client, Deployment, LogRecord, RunDetails } from '@grid/api';
import { paramsOf } from './find-application.ts';
import { printLines } from './print-lines.ts';
import { askPatiently, readStream } from './read-stream.ts';

/** Prints what a stream of lines brings to its end. */
export async function printStream(lines: AsyncIterable<LogRecord>): Promise<void> {
  const printer = printLines();
  try {
    for await (const line of lines) printer.print(line);
  } finally {
    printer.end();
  }
}

/** Prints a deployment's log as it comes until the deployment is live or over; how it stands then. */
export async function followDeployment(
  client: Client,
  application: Application,
  deploymentId: string,
): Promise<Deployment> {
  const owned = paramsOf(application);
  const query = { deploymentId, untilSettled: 'true', unended: 'true' };
  await printStream(readStream(client, logs.streamLogs, { params: owned, query }));
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
  const query = { node: node?.toString(), until: until?.toISOString(), unended: 'true' };
  await printStream(readStream(client, runs.streamRunLog, { params, query }));
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
