import { cleanUpAfter } from '../clean-up.ts';
import { atLeast, figureOf } from '../figure.ts';
import type { Figure } from '../figure.ts';
import type { RunId } from '../../packages/server/src/lib/ids.ts';
import { pushFirst, withGrid } from '../grid.ts';
import type { Grid } from '../grid.ts';
import { readRows, untilAllOver } from '../rows.ts';
import { openSlurm } from './slurm.ts';

const ROUNDS = 3;
const JOBS = 500;
/** So many that processors hold Slurm up, not slots: one of its slots turns over once a second. */
const SLOTS = 1_000;
const STARTS = 9;

type Measured = { cycles: number[]; starts: number[] };

/** Trivial runs through the queue; beside them as many jobs of Slurm's, on this machine and as trivial. */
export const measureCycles = async (): Promise<readonly Figure[]> =>
  toFigures(await measureOurs(), await measureSlurm());

/** Runs that are asked for by HTTP, each with its sandbox, network, log line, rows and end. */
const measureOurs = (): Promise<Measured> =>
  withGrid(async (grid) => {
    const files = { 'run.sh': '#!/bin/sh\ntrue\n' };
    const env = ['CC_RUN_COMMAND=sh run.sh'];
    const { id } = await pushFirst(grid, { type: 'ml_python', files, env });
    const measured: Measured = { cycles: [], starts: [] };
    for (let round = 0; round < ROUNDS; round++) measured.cycles.push(await runAll(grid, id));
    for (let one = 0; one < STARTS; one++) measured.starts.push(await startOne(grid, id));
    return measured;
  });

const SUBMITTERS = 8;

async function runAll(grid: Grid, id: string): Promise<number> {
  const begun = performance.now();
  let left = JOBS;
  const submit = async (): Promise<void> => {
    while (left-- > 0) await startRun(grid, id);
  };
  await Promise.all(Array.from({ length: SUBMITTERS }, submit));
  await untilAllOver(grid, 'runs');
  return JOBS / ((performance.now() - begun) / 1000);
}

const startRun = ({ platform }: Grid, id: string): Promise<{ id: RunId }> => {
  const path = `/grid/v1/owners/${platform.organizationId}/applications/${id}/runs`;
  return platform.ask('POST', path, { flavor: 'pico' });
};

/** From the request to the start of the command, in ms. */
async function startOne(grid: Grid, id: string): Promise<number> {
  const begun = Date.now();
  const run = await startRun(grid, id);
  await untilAllOver(grid, 'runs');
  const [row] = await readRows(grid, (db) =>
    db.selectFrom('instances').select('startedAt').where('subjectId', '=', run.id),
  );
  return (row?.startedAt ?? Number.NaN) - begun;
}

const measureSlurm = (): Promise<Measured & { arrayCycles: number[] }> =>
  cleanUpAfter(async (later) => {
    const measured: Measured & { arrayCycles: number[] } = {
      cycles: [],
      arrayCycles: [],
      starts: [],
    };
    const slurm = await openSlurm({ slots: SLOTS });
    if (slurm === undefined) return measured;
    later(() => slurm.close());
    for (let round = 0; round < ROUNDS; round++) {
      measured.cycles.push(await slurm.cycles(JOBS));
      measured.arrayCycles.push(await slurm.arrayCycles(JOBS));
    }
    measured.starts.push(...(await slurm.starts(STARTS)));
    return measured;
  });

function toFigures(ours: Measured, slurm: Measured & { arrayCycles: number[] }): Figure[] {
  const common = { bench: 'scheduling', unit: 'per second' };
  return [
    figureOf({
      ...common,
      metric: 'submit → run → done, each by itself',
      goal: atLeast(100, ' per second'),
      rounds: ours.cycles,
      beside: { name: 'Slurm', rounds: slurm.cycles },
    }),
    figureOf({
      ...common,
      metric: 'the same, beside its best case',
      rounds: ours.cycles,
      beside: { name: 'Slurm, one array', rounds: slurm.arrayCycles },
    }),
    figureOf({
      ...common,
      metric: 'idle, submit → first command',
      unit: 'ms',
      rounds: ours.starts,
      beside: { name: 'Slurm', rounds: slurm.starts },
    }),
  ];
}
