import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { logs } from '@grid/api';
import {
  containerUser,
  programMounts,
} from '../../packages/server/src/engines/docker/machine-programs.ts';
import { imageName } from '../../packages/server/src/engines/docker/names.ts';
import { withDocker } from '../docker.ts';
import type { Docker } from '../docker.ts';
import { atMost, figureOf, percentile } from '../figure.ts';
import type { Bench, Figure } from '../figure.ts';
import { deploy, pushFirst, whenDone } from '../grid.ts';
import type { Grid } from '../grid.ts';
import type { ApplicationId } from '../../packages/server/src/lib/ids.ts';
import { readRows } from '../rows.ts';
import { bubblewrapped, isThere } from '../programs.ts';

const ROUNDS = 3;
const RUNS = 60;
/** A container takes ten times as long. */
const CONTAINER_RUNS = 20;

/** Says by which Python it is run, where that is, and what it is called, so that the same can be started by hand. */
const MAIN = 'import sys\nprint("ready", sys.executable, __file__, sys.base_prefix, flush=True)\n';

/**
 * A Runner with a warm build: from the answer that accepts it to its first line at somebody who
 * follows the application's log. Beside it the same command, started by hand.
 */
export const bench: Bench = () =>
  withDocker(async ({ docker, ...grid }) => [
    ...(await measureProcess(grid)),
    ...(docker === undefined ? [] : await measureDocker(grid, docker)),
  ]);

async function measureProcess(grid: Grid): Promise<Figure[]> {
  const { id, folder, follower, python } = await open(grid, 'process');
  const command = [python, join(folder, 'main.py')];
  const measured: Measured = { ours: [], bare: [], boxed: [] };
  for (let round = 0; round < ROUNDS; round++) {
    measured.ours.push(await repeat(RUNS, () => runOnce(grid, id, follower)));
    measured.bare.push(await repeat(RUNS, () => startByHand(command)));
    if (isThere('bwrap'))
      measured.boxed.push(await repeat(RUNS, () => startByHand(bubblewrapped(command))));
  }
  follower.end();
  return toFigures(measured);
}

/** Beside it `docker run` of the image that ours ran, by the same Python of this machine. */
async function measureDocker(grid: Grid, docker: Docker): Promise<Figure[]> {
  const { id, follower, python, file, home } = await open(grid, 'docker');
  const image = await imageOf(grid, id);
  const command = [...dockerRun(docker, home), image, python, file];
  const ours: number[][] = [];
  const byHand: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await repeat(CONTAINER_RUNS, () => runOnce(grid, id, follower)));
    if (isThere('docker')) byHand.push(await repeat(CONTAINER_RUNS, () => startByHand(command)));
  }
  follower.end();
  const p50 = (rounds: number[][]) => rounds.map((one) => percentile(one, 0.5));
  return [
    figureOf({
      bench: 'first-line',
      metric: `${ACCEPTED}, Docker engine, p50`,
      unit: 'ms',
      rounds: p50(ours),
      beside: { name: 'docker run by hand', rounds: p50(byHand) },
    }),
  ];
}

/** A Runner that was run once, and what it said of itself. */
async function open(grid: Grid, engine: string) {
  const { id, folder } = await pushFirst(grid, {
    type: 'ml_python',
    files: { 'main.py': MAIN },
    env: ['CC_MLPYTHON_RUN_MAIN=main.py', `CG_ENGINE=${engine}`],
  });
  const follower = followOutput(grid, id);
  const { message } = await follower.next(await deploy(grid, id));
  const [, python = '', file = '', home = ''] = message.split(' ');
  return { id, folder, follower, python, file, home };
}

async function imageOf(grid: Grid, applicationId: string): Promise<string> {
  const [row] = await readRows(grid, (db) =>
    db
      .selectFrom('deployments')
      .select('artifactId')
      .where('applicationId', '=', applicationId as ApplicationId)
      .orderBy('number', 'desc')
      .limit(1),
  );
  return imageName('application', row?.artifactId ?? '');
}

/** With the mounts that ours has; Pythons of version managers are not below /usr. */
function dockerRun({ socketPath }: Docker, home: string): string[] {
  const { uid, gid } = containerUser();
  const places = new Set([...programMounts().map(({ Target }) => Target), home]);
  const mounts = [...places].map((path) => `type=bind,source=${path},target=${path},readonly`);
  const host = ['docker', '--host', `unix://${socketPath}`];
  const user = ['--user', `${uid}:${gid}`];
  return [...host, 'run', '--rm', ...user, ...mounts.flatMap((one) => ['--mount', one])];
}

const ACCEPTED = 'accepted → first line';

type Measured = { ours: number[][]; bare: number[][]; boxed: number[][] };

const toFigures = ({ ours, bare, boxed }: Measured): Figure[] => {
  const common = { bench: 'first-line', unit: 'ms' };
  const at = (share: number, rounds: number[][]) => rounds.map((one) => percentile(one, share));
  return [
    figureOf({
      ...common,
      metric: `${ACCEPTED}, p50`,
      rounds: at(0.5, ours),
      goal: atMost(100, 'ms'),
      beside: { name: 'bwrap by hand', rounds: at(0.5, boxed) },
    }),
    figureOf({
      ...common,
      metric: `${ACCEPTED}, p99`,
      rounds: at(0.99, ours),
      goal: atMost(300, 'ms'),
      beside: { name: 'bwrap by hand', rounds: at(0.99, boxed) },
    }),
    figureOf({
      ...common,
      metric: `${ACCEPTED}, p50`,
      rounds: at(0.5, ours),
      beside: { name: 'bare by hand', rounds: at(0.5, bare) },
    }),
  ];
};

async function repeat(times: number, measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  while (values.length < times) values.push(await measure());
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
