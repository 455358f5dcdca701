import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { logs } from '@grid/api';
import { atMost, figureOf, percentile } from '../figure.ts';
import type { Bench, Figure } from '../figure.ts';
import { deploy, pushFirst, whenDone, withGrid } from '../grid.ts';
import type { Grid } from '../grid.ts';
import { bubblewrapped, isThere } from '../programs.ts';

const ROUNDS = 3;
const RUNS = 60;

/** Says by which Python it is run, so that the same can be started by hand. */
const MAIN = 'import sys\nprint("ready", sys.executable, flush=True)\n';

/**
 * A Runner with a warm build: from the answer that accepts it to its first line at somebody who
 * follows the application's log. Beside it the same command, started by hand.
 */
export const bench: Bench = () =>
  withGrid(async (grid) => {
    const files = { 'main.py': MAIN };
    const { id, folder } = await pushFirst(grid, {
      type: 'ml_python',
      files,
      env: ['CC_MLPYTHON_RUN_MAIN=main.py'],
    });
    const follower = followOutput(grid, id);
    const first = await follower.next(await deploy(grid, id));
    const command = [first.message.replace('ready ', ''), join(folder, 'main.py')];
    const ours: number[][] = [];
    const bare: number[][] = [];
    const boxed: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await repeat(() => runOnce(grid, id, follower)));
      bare.push(await repeat(() => startByHand(command)));
      if (isThere('bwrap')) boxed.push(await repeat(() => startByHand(bubblewrapped(command))));
    }
    follower.end();
    return toFigures({ ours, bare, boxed });
  });

type Measured = { ours: number[][]; bare: number[][]; boxed: number[][] };

const toFigures = ({ ours, bare, boxed }: Measured): Figure[] => {
  const common = { bench: 'first-line', unit: 'ms' };
  const at = (share: number, rounds: number[][]) => rounds.map((one) => percentile(one, share));
  const accepted = 'accepted → first line';
  return [
    figureOf({
      ...common,
      metric: `${accepted}, p50`,
      rounds: at(0.5, ours),
      goal: atMost(100, 'ms'),
      beside: { name: 'bwrap by hand', rounds: at(0.5, boxed) },
    }),
    figureOf({
      ...common,
      metric: `${accepted}, p99`,
      rounds: at(0.99, ours),
      goal: atMost(300, 'ms'),
      beside: { name: 'bwrap by hand', rounds: at(0.99, boxed) },
    }),
    figureOf({
      ...common,
      metric: `${accepted}, p50`,
      rounds: at(0.5, ours),
      beside: { name: 'bare by hand', rounds: at(0.5, bare) },
    }),
  ];
};

async function repeat(measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  while (values.length < RUNS) values.push(await measure());
  return values;
}

type Line = { message: string; at: number };

/** In milliseconds; the run is over before the next begins. */
async function runOnce(
  grid: Grid,
  id: string,
  follower: ReturnType<typeof followOutput>,
): Promise<number> {
  const deployment = await deploy(grid, id);
  const accepted = performance.now();
  const { at } = await follower.next(deployment);
  await whenDone(grid, id, deployment);
  return at - accepted;
}

/** Somebody who follows the log: the first line of output of each deployment, and when it came. */
function followOutput({ platform, client }: Grid, applicationId: string) {
  const first = new Map<string, PromiseWithResolvers<Line>>();
  const of = (deployment: string): PromiseWithResolvers<Line> => {
    const known = first.get(deployment) ?? Promise.withResolvers<Line>();
    first.set(deployment, known);
    return known;
  };
  const leaving = new AbortController();
  const params = { ownerId: platform.organizationId, applicationId };
  const call = { params, signal: leaving.signal };
  const follow = async (): Promise<void> => {
    for await (const { event, data } of client.events(logs.streamLogs, call)) {
      if (event !== 'APPLICATION_LOG') continue;
      const at = performance.now();
      const { deploymentId, stream, message } = JSON.parse(data) as Record<string, string>;
      if (stream === 'stdout') of(deploymentId ?? '').resolve({ message: message ?? '', at });
    }
  };
  const ended = follow().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return {
    next: (deployment: string): Promise<Line> =>
      Promise.race([of(deployment).promise, ended.then(() => Promise.reject(LOST))]),
    end: () => leaving.abort(),
  };
}

const LOST = new Error('the log ended while it was followed');

/** In milliseconds, from the start of the process to its first output. */
async function startByHand([file = '', ...args]: readonly string[]): Promise<number> {
  const begun = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let took: number | undefined;
  child.stdout.once('data', () => (took = performance.now() - begun));
  await once(child, 'close');
  if (took === undefined) throw new Error(`${file} ${args.join(' ')} said nothing`);
  return took;
}
