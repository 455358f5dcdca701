import { atMost, figureOf } from '../figure.ts';
import type { Bench } from '../figure.ts';
import { deploy, pushFirst, whenDone, withGrid } from '../grid.ts';
import type { Grid } from '../grid.ts';
import { until } from '../../test/system/platform.ts';

const ROUNDS = 7;

/** The control plane is killed when it has accepted a deployment, and started: how long that takes to be over. */
export const bench: Bench = () =>
  withGrid(async (grid) => {
    const { id } = await pushFirst(grid, {
      type: 'ml_python',
      files: { 'main.py': 'print("done")\n' },
      env: ['CC_MLPYTHON_RUN_MAIN=main.py'],
    });
    const rounds: Round[] = [];
    while (rounds.length < ROUNDS) rounds.push(await killAndStart(grid, id));
    const common = { bench: 'carry-on', unit: 'ms' };
    return [
      figureOf({
        ...common,
        metric: 'killed, ready again → deployment over',
        rounds: rounds.map(({ over }) => over),
        goal: atMost(5_000, 'ms'),
      }),
      figureOf({ ...common, metric: 'start → ready', rounds: rounds.map(({ ready }) => ready) }),
    ];
  });

type Round = { ready: number; over: number };

async function killAndStart(grid: Grid, id: string): Promise<Round> {
  const { platform } = grid;
  const deployment = await deploy(grid, id);
  platform.kill();
  await until('the control plane is dead', () => !platform.running());
  const begun = performance.now();
  await platform.start();
  const ready = performance.now();
  await whenDone(grid, id, deployment);
  return { ready: ready - begun, over: performance.now() - ready };
}
