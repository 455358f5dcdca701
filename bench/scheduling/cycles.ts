import { cleanUpAfter } from '../clean-up.ts';
import { figureOf } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { openSlurm } from './slurm.ts';

const ROUNDS = 3;
const JOBS = 500;
/** So many that processors hold Slurm up, not slots: one of its slots turns over once a second. */
const SLOTS = 1_000;
const STARTS = 9;

type Measured = { cycles: number[]; arrayCycles: number[]; starts: number[] };

/** Trivial runs through the queue; beside them as many jobs of Slurm's, on this machine and as trivial. */
export const measureCycles = async (): Promise<readonly Figure[]> =>
  toFigures(await measureOurs(), await measureSlurm());

/** Nothing yet. */
const measureOurs = (): Promise<Measured> =>
  Promise.resolve({ cycles: [], arrayCycles: [], starts: [] });

const measureSlurm = (): Promise<Measured> =>
  cleanUpAfter(async (later) => {
    const measured: Measured = { cycles: [], arrayCycles: [], starts: [] };
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

function toFigures(ours: Measured, slurm: Measured): Figure[] {
  const common = { bench: 'scheduling', unit: 'per second' };
  return [
    figureOf({
      ...common,
      metric: 'submit → run → done, each by itself',
      rounds: ours.cycles,
      beside: { name: 'Slurm', rounds: slurm.cycles },
    }),
    figureOf({
      ...common,
      metric: 'the same, submitted at once',
      rounds: ours.arrayCycles,
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
