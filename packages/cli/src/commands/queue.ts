import { queue } from '@grid/api';
import type { Queue, Waiting, Why } from '@grid/api';
import type { Command } from 'commander';
import { findApplication, findOwner, paramsOf } from '../find-application.ts';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { ago, colour, print, spellSeconds, until } from '../print.ts';
import { signedIn } from '../profile.ts';
import { locate } from './runs.ts';

/** What waits, why. */
export function queueCommands(program: Command): void {
  program
    .command('queue')
    .description('what waits, why, and when it should start')
    .option('--org <organization>', 'where there are several')
    .addOption(formatOption())
    .action(async ({ org, format }: Format & { org?: string }) => {
      const client = signedIn();
      const { id: ownerId } = await findOwner(client, org);
      const found = await client.call(queue.getQueue, { params: { ownerId } });
      print({ text: describeQueue(found), json: found }, format);
    });
  program
    .command('why <run>')
    .description('why a run or a deployment waits, or how it ended')
    .option('--app <application>', 'whose deployment it is, where it is one')
    .addOption(formatOption())
    .action(async (of: string, { app, format }: Format & { app?: string }) => {
      const client = signedIn();
      const params = of.startsWith('run_')
        ? await locate(client, of)
        : paramsOf(await findApplication(client, app));
      const { ownerId, applicationId } = params;
      const call = { params: { ownerId, applicationId }, query: { of } };
      const found = await client.call(queue.getWhy, call);
      print({ text: describeWhy(found), json: found }, format);
    });
}

function describeQueue({ waiting, waitingInAll, memoryMiB, devices, accuracy }: Queue): string {
  const free = [
    ...devices.map(
      (one) =>
        `${one.free} of ${one.total} ${one.class === 'gpu' ? 'GPUs' : one.class}${one.unwell > 0 ? ` (${one.unwell} not well)` : ''}`,
    ),
    `${memoryMiB.free} of ${memoryMiB.total} MiB of memory`,
  ];
  const others = waitingInAll - waiting.length;
  return [
    ...(waiting.length === 0 ? ['Nothing of yours waits.'] : waiting.flatMap(describeWaiting)),
    ...(others > 0 ? [`${others} of others wait.`] : []),
    `Free: ${free.join(', ')}.`,
    ...(accuracy.medianErrorSeconds === null
      ? []
      : [
          `Of the last ${accuracy.starts} starts that were foretold, half came within ${spellSeconds(accuracy.medianErrorSeconds)} of it, ${Math.round((accuracy.withinTenMinutes ?? 0) * 100)} % within ten minutes.`,
        ]),
  ].join('\n');
}

function describeWaiting(one: Waiting): string[] {
  const place = one.position === null ? '' : `${one.position}. in the queue for ${one.line}, `;
  const when = spellStart(one, Date.now());
  return [
    `${colour('bold', one.applicationName ?? '')} ${one.kind} ${one.runId ?? one.deploymentId}`,
    `  ${one.nodes} × ${one.flavor}, ${place}${when}, waiting since ${ago(one.since, Date.now())}`,
    ...(one.detail === null ? [] : [`  ${one.reason ?? ''}: ${one.detail}`]),
    ...(one.helps === null ? [] : [colour('dim', `  Would help: ${one.helps}`)]),
  ];
}

export function describeWhy(why: Why): string {
  const promised =
    why.promisedAt === null || why.admittedAt === null
      ? []
      : [
          `  It was said to start at ${time(why.promisedAt)}, and did at ${time(why.admittedAt)}: ${spellSeconds(Math.round(Math.abs(why.admittedAt - why.promisedAt) / 1000))} ${why.admittedAt > why.promisedAt ? 'later' : 'earlier'}.`,
        ];
  return [
    `${why.subject}: ${why.status}`,
    ...(why.position === null ? [] : [`  ${why.position}. in the queue for ${why.line ?? ''}`]),
    ...(why.detail === null ? [] : [`  ${why.reason ?? ''}: ${why.detail}`]),
    ...spellWhen(why, Date.now()),
    ...(why.helps === null ? [] : [`  Would help: ${why.helps}`]),
    ...promised,
  ].join('\n');
}

type Expected = Pick<Waiting, 'expectedAt' | 'latestAt' | 'expectation'>;

/** What is measured is told; what is only assumed is not told as if it had been. */
export const spellStart = (one: Expected, now: number): string =>
  one.expectedAt === null
    ? `start ${spellUnknown(one, now)}`
    : `starts ${until(one.expectedAt, now)}`;

function spellUnknown({ latestAt, expectation }: Expected, now: number): string {
  if (latestAt === null) return 'not known';
  const unless = expectation === 'assumption' ? ', if none takes longer than is assumed' : '';
  return `not known: the runs before it have no history; at the latest ${until(latestAt, now)}${unless}`;
}

function spellWhen(why: Why, now: number): string[] {
  const { expectedAt, expectation } = why;
  if (expectedAt === null && expectation === null) return [];
  return expectedAt === null
    ? [`  Its start is ${spellUnknown(why, now)}.`]
    : [`  It should start ${until(expectedAt, now)}, at ${time(expectedAt)}.`];
}

const time = (at: number): string => new Date(at).toTimeString().slice(0, 8);
