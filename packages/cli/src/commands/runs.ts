import { accounts, ApiError, runs } from '@grid/api';
import type { Client, Run, RunDetails } from '@grid/api';
import { Option } from 'commander';
import type { Command } from 'commander';
import { describeUsage } from '../describe-usage.ts';
import { Failure } from '../fail.ts';
import { findApplication, paramsOf } from '../find-application.ts';
import { followRun, printRunLog } from '../follow.ts';
import type { RunParams } from '../follow.ts';
import {
  collectVariable,
  formatOption,
  parseCount,
  parseNumber,
  parseSeconds,
} from '../options.ts';
import type { Format } from '../options.ts';
import { ago, colour, euros, print, spellSeconds } from '../print.ts';
import { signedIn } from '../profile.ts';

/** Runs, beside those that pushes make. */
export function runCommands(program: Command): void {
  const run = runCommand(program);
  run
    .command('show <run>')
    .description('a run with its attempts, nodes, devices, how busy those were, and cost')
    .addOption(formatOption())
    .action(async (id: string, { format }: Format) => {
      const client = signedIn();
      const found = await client.call(runs.getRun, { params: await locate(client, id) });
      print({ text: describeRun(found), json: found }, format);
    });
  run
    .command('logs <run>')
    .description('the log of a run')
    .option('-f, --follow', 'go on until it is over')
    .option('--node <number>', 'of one node only', parseNumber)
    .action(async (id: string, { follow, node }: { follow?: boolean; node?: number }) => {
      const client = signedIn();
      const params = await locate(client, id);
      if (follow === true) return conclude(await followRun(client, params, node));
      await printRunLog(client, params, { node, until: new Date() });
    });
  run
    .command('stop <run>')
    .description('end a run: it is told to, and killed when its time for that is over')
    .action(async (id: string) => {
      const client = signedIn();
      await client.call(runs.stopRun, { params: await locate(client, id) });
      process.stdout.write(`${id} is being stopped.\n`);
    });
  program
    .command('rerun <run>')
    .description('run the same once more: commit, command, variables and size as they were')
    .option('--detach', 'do not wait for its end')
    .action(async (id: string, { detach }: { detach?: boolean }) => {
      const client = signedIn();
      const params = await locate(client, id);
      await begin(client, await client.call(runs.rerun, { params }), { params, detach });
    });
  listCommand(program);
}

type RunOptions = {
  env?: Record<string, string>;
  flavor?: string;
  nodes?: number;
  priority?: 'low' | 'normal' | 'high';
  maxDuration?: number;
  retries?: number;
  commit?: string;
  detach?: boolean;
};

const runCommand = (program: Command): Command =>
  program
    .command('run')
    .description('run a Runner beside whatever else runs, at what was built last')
    .argument('[application]', 'without it, that of this folder’s git remote "grid"')
    .argument('[command...]', 'behind --, in place of its own command')
    .option('--env <NAME=value>', 'a variable for this run alone; may be repeated', collectVariable)
    .option('--flavor <name>', 'another size than the application’s')
    .option('--nodes <number>', 'another number of nodes', parseCount)
    .addOption(new Option('--priority <class>').choices(['low', 'normal', 'high']))
    .option('--max-duration <time>', 'such as 90s, 30m, 12h, 2d', parseSeconds)
    .option('--retries <number>', 'how often it is tried again where it fails', parseNumber)
    .option('--commit <id>', 'another commit that was built')
    .option('--detach', 'do not wait for its end')
    .action(async (first: string | undefined, rest: string[], options: RunOptions) => {
      const { named, command } = splitWords([...(first === undefined ? [] : [first]), ...rest]);
      const client = signedIn();
      const application = await findApplication(client, named);
      const params = paramsOf(application);
      const { env, maxDuration, detach, ...size } = options;
      const body = {
        ...size,
        ...(command.length > 0 && { command }),
        ...(env !== undefined && { environment: env }),
        ...(maxDuration !== undefined && { maxDurationSeconds: maxDuration }),
      };
      await begin(client, await client.call(runs.startRun, { params, body }), { params, detach });
    });

/** What stands behind `--` is the command; the parser does not tell it from what stands before. */
export function splitWords(
  words: readonly string[],
  typed: readonly string[] = process.argv,
): { named: string | undefined; command: string[] } {
  const dashes = typed.indexOf('--');
  const command = dashes === -1 ? [] : typed.slice(dashes + 1);
  const [named, ...others] = words.slice(0, words.length - command.length);
  if (others.length > 0)
    throw new Failure(
      `What is ${JSON.stringify(others.join(' '))}? Put a command behind --: grid run ${named ?? ''} -- ${others.join(' ')}`,
      'misused',
    );
  return { named, command };
}

type Owned = { ownerId: string; applicationId: string };

async function begin(
  client: Client,
  { id }: Run,
  { params, detach }: { params: Owned; detach: boolean | undefined },
): Promise<void> {
  process.stdout.write(`${id}\n`);
  if (detach === true) return;
  const { ownerId, applicationId } = params;
  conclude(await followRun(client, { ownerId, applicationId, runId: id }));
}

/** A run by its id, whichever application’s of whichever owner’s. */
export async function locate(client: Client, runId: string): Promise<RunParams> {
  const { organisations } = await client.call(accounts.getSummary);
  for (const { id: ownerId } of organisations) {
    const found = await client
      .call(runs.findRun, { params: { ownerId, runId } })
      .catch((error: unknown) => {
        if (error instanceof ApiError && [403, 404].includes(error.status)) return undefined;
        throw error;
      });
    if (found !== undefined) return { ownerId, applicationId: found.applicationId, runId };
  }
  throw new Failure(`There is no run ${runId}: see "grid runs".`, 'refused');
}

/** Exit code 0 for a run that succeeded, 1 for one that did not. */
function conclude({ status, detail, microEuros }: RunDetails): void {
  if (status !== 'succeeded') throw new Failure(`${status}${detail === null ? '' : `: ${detail}`}`);
  process.stdout.write(`${colour('green', '✓')} succeeded (${euros(microEuros)})\n`);
}

const took = ({ startedAt, finishedAt }: Pick<Run, 'startedAt' | 'finishedAt'>): string =>
  startedAt === null
    ? ''
    : spellSeconds(Math.round(((finishedAt ?? Date.now()) - startedAt) / 1000));

function describeRun(run: RunDetails): string {
  const size = `${run.nodes} × ${run.flavor}`;
  const options = [
    `priority ${run.priority}`,
    ...(run.maxDurationSeconds === null ? [] : [`at most ${spellSeconds(run.maxDurationSeconds)}`]),
    ...(run.retries === null ? [] : [`${run.retries} retries`]),
  ];
  const usage = describeUsage(run.usage);
  return [
    `${run.id}: ${run.status}${run.detail === null ? '' : `: ${run.detail}`}`,
    `  command   ${run.command}`,
    `  commit    ${run.commitId}`,
    `  artifact  ${run.artifactId}`,
    `  variables ${run.environmentHash.slice(0, 16)}${run.changed.length > 0 ? ` (${run.changed.join(', ')} for this run)` : ''}`,
    `  size      ${size}, ${options.join(', ')}`,
    ...(run.rerunOf === null ? [] : [`  again     ${run.rerunOf}`]),
    `  cost      ${euros(run.microEuros)} (instance minutes: ${run.minutes}, GPU minutes: ${run.gpuMinutes})`,
    ...(usage === undefined ? [] : [`  GPU       ${usage}`]),
    ...run.attempts.flatMap(describeAttempt),
  ].join('\n');
}

const describeAttempt = (attempt: RunDetails['attempts'][number]): string[] => [
  `  attempt ${attempt.number}: ${attempt.status}${attempt.detail === null ? '' : ` (${attempt.detail})`} ${took(attempt)}`.trimEnd(),
  ...attempt.nodes.map(
    ({ number, status, exitCode, devices }) =>
      `    node ${number}: ${status}${exitCode === null ? '' : ` with ${exitCode}`}${devices.length > 0 ? `, ${devices.join(', ')}` : ''}`,
  ),
];

type ListOptions = Format & { app?: string; limit: number; status?: Run['status'] };

function listCommand(program: Command): void {
  program
    .command('runs')
    .description('runs, the newest first')
    .option('--app <application>', 'of one application; without it, of this folder’s or of all')
    .option('--all', 'of all applications')
    .option('--limit <number>', 'how many', parseCount, 20)
    .addOption(
      new Option('--status <status>').choices([
        'waiting',
        'running',
        'succeeded',
        'failed',
        'cancelled',
      ]),
    )
    .addOption(formatOption())
    .action(async ({ app, all, limit, status, format }: ListOptions & { all?: boolean }) => {
      const client = signedIn();
      const query = { limit, status };
      const found =
        all === true
          ? await listAll(client, query)
          : await client.call(runs.listRuns, {
              params: paramsOf(await findApplication(client, app)),
              query,
            });
      const table = found.map((run) => ({
        run: run.id,
        when: ago(run.createdAt, Date.now()),
        status: run.status,
        took: took(run),
        size: `${run.nodes} × ${run.flavor}`,
        commit: run.commitId.slice(0, 8),
        command: run.command,
        detail: run.detail ?? '',
      }));
      print({ table, empty: 'Nothing was run yet.', json: found }, format);
    });
}

async function listAll(
  client: Client,
  query: { limit: number; status: Run['status'] | undefined },
): Promise<Run[]> {
  const { organisations } = await client.call(accounts.getSummary);
  const lists = organisations.map(({ id: ownerId }) =>
    client.call(runs.listOwnerRuns, { params: { ownerId }, query }),
  );
  return (await Promise.all(lists))
    .flat()
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .slice(0, query.limit);
}
