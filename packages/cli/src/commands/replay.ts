import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { queue } from '@grid/api';
import { parsePastRuns, UnreadableRuns } from '@grid/server/scheduling/past-runs.ts';
import type { PastRuns } from '@grid/server/scheduling/past-runs.ts';
import type { Overtaking } from '@grid/server/scheduling/plan-queue.ts';
import { parseHosts, replay } from '@grid/server/scheduling/replay.ts';
import type { Replayed } from '@grid/server/scheduling/replay.ts';
import { Failure } from '../fail.ts';
import { formatOption, parseCount } from '../options.ts';
import type { Format } from '../options.ts';
import { print, spellSeconds } from '../print.ts';
import { signedIn } from '../profile.ts';

const policies: readonly Overtaking[] = ['none', 'any', 'backfill'];

type ReplayOptions = Format & { gpus: string[]; overtaking?: Overtaking; memory?: number };

/** What past runs would have waited for on other hosts, or in another order. */
export function replayCommand(program: Command): void {
  program
    .command('replay')
    .description('how long past runs would have waited on these GPUs, by who may overtake whom')
    .argument(
      '[file]',
      'a record of runs: lines of JSON, or the Standard Workload Format; without it, what ran on the platform (operators)',
    )
    .requiredOption(
      '--gpus <hosts>',
      'hosts by their devices: 8xH100, or 8xH100,4xL4; said again, it is compared',
      collect,
    )
    .option('--memory <MiB>', 'of each host; without it memory is no limit', parseCount)
    .addOption(
      new Option('--overtaking <who>', 'who may go ahead; without it all are compared').choices(
        policies,
      ),
    )
    .addOption(formatOption())
    .action(async (file: string | undefined, options: ReplayOptions) => {
      const { gpus, memory, overtaking, format } = options;
      const past = file === undefined ? parsePastRuns(await recordRuns()) : readRuns(file);
      const compared = gpus.flatMap((list) =>
        (overtaking === undefined ? policies : [overtaking]).map((policy) => {
          const hosts = parseHosts(list, memory) ?? [];
          return {
            gpus: list,
            overtaking: policy,
            ...replay(past.runs, { hosts, overtaking: policy }),
          };
        }),
      );
      print(
        { table: compared.map(toRow), empty: '', json: { unknown: past.unknown, compared } },
        format,
      );
      if (format === 'human') tellLeftOut(past, compared);
    });
  program
    .command('past-runs')
    .description(
      'what ran on the platform in the last 30 days, as lines of JSON for "grid replay" (operators)',
    )
    .action(async () => {
      process.stdout.write(await recordRuns());
    });
}

/** What ran on the platform, as a file of it. */
async function recordRuns(): Promise<string> {
  const { runs } = await signedIn().call(queue.listPastRuns);
  return runs.map((run) => `${JSON.stringify(run)}\n`).join('');
}

function collect(list: string, before: readonly string[] = []): string[] {
  if (parseHosts(list) === undefined)
    throw new InvalidArgumentError('Name hosts by their devices: 8xH100, or 8xH100,4xL4.');
  return [...before, list];
}

function readRuns(file: string): PastRuns {
  try {
    return parsePastRuns(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof UnreadableRuns) throw new Failure(`${file}: ${error.message}`, 'misused');
    throw new Failure(
      `${file} cannot be read: ${error instanceof Error ? error.message : ''}`,
      'misused',
    );
  }
}

type Compared = Replayed & { gpus: string; overtaking: Overtaking };

const toRow = (one: Compared) => ({
  gpus: one.gpus,
  overtaking: one.overtaking,
  runs: one.runs,
  utilisation: `${Math.round(one.utilisation * 100)} %`,
  'mean wait': spellWait(one.meanWait),
  '95 % within': spellWait(one.p95Wait),
  'longest wait': spellWait(one.longestWait),
});

const spellWait = (milliseconds: number): string => spellSeconds(Math.round(milliseconds / 1000));

function tellLeftOut({ unknown }: PastRuns, compared: readonly Compared[]): void {
  const lists = new Map(compared.map(({ gpus, neverFit }) => [gpus, neverFit]));
  const told = [
    ...(unknown > 0 ? [`${unknown} never ran, or nobody knows how long, and are left out.`] : []),
    ...[...lists].flatMap(([gpus, count]) =>
      count > 0 ? [`${count} never fit on ${gpus}, and are left out.`] : [],
    ),
  ];
  if (told.length > 0) process.stdout.write(`\n${told.join('\n')}\n`);
}
