import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { run, until } from '../../test/system/platform.ts';

export type Measures = {
  /** Jobs a second from the first submission until all have run, each submitted by an `sbatch` of its own. */
  cycles(jobs: number): Promise<number>;
  /** The same for the tasks of one array, which is submitted at once: its best case. */
  arrayCycles(tasks: number): Promise<number>;
  /** From each submission to the job's first command, in milliseconds; one job at a time, of an idle cluster. */
  starts(jobs: number): Promise<number[]>;
};

/** Where a cluster keeps its files, and how its programs find it. */
export type Place = { directory: string; env: NodeJS.ProcessEnv };

/** More `sbatch` side by side only take the processors from what runs. */
const SUBMITTERS = 4;
const WITHIN = 300_000;

export function measuresOf(place: Place): Measures {
  const script = join(place.directory, 'job.sh');
  const sbatch = ['sbatch', '--quiet', '--output=/dev/null'];
  const each = ['xargs', '-P', String(SUBMITTERS), '-n', '1', ...sbatch, script];
  return {
    cycles: (jobs) => measure(place, jobs, each),
    arrayCycles: (tasks) => measure(place, tasks, [...sbatch, `--array=1-${tasks}`, script]),
    async starts(jobs) {
      const took: number[] = [];
      for (let job = 0; job < jobs; job++) {
        // spread over the controller's second, as jobs of people are
        await pause((1_000 * job) / jobs);
        took.push(await timeStart(place));
      }
      return took;
    },
  };
}

/** What a program of Slurm's prints; undefined while the controller does not answer. */
export async function ask(
  { env }: Place,
  program: string,
  ...args: string[]
): Promise<string | undefined> {
  const { code, out } = await run(program, args, { env });
  return code === 0 ? out.trim() : undefined;
}

const untilEmpty = (place: Place): Promise<void> =>
  until('nothing is queued', async () => (await ask(place, 'squeue', '-h')) === '');

/** By the controller's own count of what is completed, which costs it next to nothing. */
async function measure(place: Place, jobs: number, submit: readonly string[]): Promise<number> {
  const before = await countEnded(place);
  const begun = performance.now();
  await runWith(place, submit, jobs);
  const haveRun = async (): Promise<boolean> => {
    const { completed, failed } = await countEnded(place);
    if (failed > before.failed) throw new Error('some jobs of Slurm failed');
    return completed - before.completed === jobs;
  };
  await until('all jobs have run', haveRun, WITHIN);
  const seconds = (performance.now() - begun) / 1_000;
  await untilEmpty(place);
  return jobs / seconds;
}

/** Runs a program, with so many lines of input. */
async function runWith({ env }: Place, command: readonly string[], lines: number): Promise<void> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'], env });
  const closed = once(child, 'close');
  // sbatch reads nothing of it
  child.stdin.on('error', () => undefined);
  child.stdin.end(Array.from({ length: lines }, (_, index) => `${index}\n`).join(''));
  await closed;
  if (child.exitCode !== 0) throw new Error(`${program} failed: ${child.exitCode}`);
}

async function countEnded(place: Place): Promise<{ completed: number; failed: number }> {
  const text = (await ask(place, 'sdiag')) ?? '';
  const count = (what: string): number =>
    Number(new RegExp(`^Jobs ${what}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { completed: count('completed'), failed: count('failed') + count('canceled') };
}

async function timeStart(place: Place): Promise<number> {
  const output = join(place.directory, 'started');
  rmSync(output, { force: true });
  const script = join(place.directory, 'start.sh');
  const begun = Date.now();
  await runWith(place, ['sbatch', '--quiet', `--output=${output}`, script], 0);
  await untilEmpty(place);
  return Number(readFileSync(output, 'utf8')) / 1e6 - begun;
}
