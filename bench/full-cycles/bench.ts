import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { atLeast, figureOf, percentile } from '../figure.ts';
import type { Bench } from '../figure.ts';
import { deploy, pushFirst, withGrid } from '../grid.ts';
import type { Grid } from '../grid.ts';
import { untilAllOver } from '../rows.ts';
import { bubblewrapped, isThere } from '../programs.ts';

const ROUNDS = 3;
/** The deployments of one application run one after the other: so many run side by side. */
const APPLICATIONS = 24;
const RUNS = 10;

/**
 * Trivial jobs from their submission to the end of the last, each with sandbox, network, supervisor,
 * log line and exit row. Beside them as many sandboxes that do nothing, started by `xargs`.
 */
export const bench: Bench = () =>
  withGrid(async (grid) => {
    const ids = await pushApplications(grid);
    const ours: Round[] = [];
    const floor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await runAll(grid, ids));
      if (isThere('bwrap')) floor.push(await runBare());
    }
    const commits = Math.round(
      percentile(
        ours.map((round) => round.commits),
        0.5,
      ),
    );
    return [
      figureOf({
        bench: 'full-cycles',
        metric: `submit → run → done, ${commits} commits each`,
        unit: 'per second',
        rounds: ours.map(({ perSecond }) => perSecond),
        goal: atLeast(100, ' per second'),
        beside: { name: 'bwrap true', rounds: floor },
      }),
    ];
  });

async function pushApplications(grid: Grid): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < APPLICATIONS) {
    const files = { 'run.sh': '#!/bin/sh\necho done\n' };
    const env = ['CC_RUN_COMMAND=sh run.sh'];
    ids.push((await pushFirst(grid, { type: 'ml_python', files, env })).id);
  }
  return ids;
}

type Round = { perSecond: number; commits: number };

async function runAll(grid: Grid, ids: readonly string[]): Promise<Round> {
  const commits = countCommits(grid);
  const begun = performance.now();
  const submit = async (id: string): Promise<void> => {
    for (let run = 0; run < RUNS; run++) await deploy(grid, id);
  };
  await Promise.all(ids.map(submit));
  await untilAllOver(grid, 'deployments');
  const seconds = (performance.now() - begun) / 1000;
  const runs = ids.length * RUNS;
  return { perSecond: runs / seconds, commits: (countCommits(grid) - commits) / runs };
}

/** The second number of a write-ahead log's index grows with each transaction (sqlite.org/walformat.html §2.1). */
function countCommits({ platform }: Grid): number {
  const file = openSync(join(platform.data, 'grid.db-shm'), 'r');
  const header = Buffer.alloc(12);
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  return header.readUInt32LE(8);
}

/** Sandboxes per second, as many side by side. */
async function runBare(): Promise<number> {
  const count = APPLICATIONS * RUNS;
  const sandbox = bubblewrapped(['true']);
  const begun = performance.now();
  const child = spawn('xargs', ['-P', String(APPLICATIONS), '-n', '1', ...sandbox], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end(Array.from({ length: count }, (_, index) => `${index}\n`).join(''));
  await once(child, 'close');
  return count / ((performance.now() - begun) / 1000);
}
