import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findRouters } from '../../packages/server/src/routing/router-process.ts';
import { serverOf } from '../../test/system/platform.ts';
import { atMost, figureOf } from '../figure.ts';
import type { Bench } from '../figure.ts';
import { pushFirst, withGrid } from '../grid.ts';
import { readMemory } from './memory.ts';

const ROUNDS = 3;
const IDLE = 60_000;

/** Control plane and router, alone and together, a minute after the last thing happened; all rounds side by side. */
export const bench: Bench = async () => {
  const measuring = Array.from({ length: ROUNDS }, () => measure());
  await Promise.allSettled(measuring);
  const rounds = await Promise.all(measuring);
  const figure = (metric: string, of: (memory: Memory) => number) => ({
    bench: 'idle-memory',
    metric,
    unit: 'MiB',
    rounds: rounds.map(of),
  });
  const together = ({ controlPlane, router }: Memory): number => controlPlane + router;
  return [
    figureOf({
      ...figure('control plane and router, idle 60 s', together),
      goal: atMost(120, 'MiB'),
    }),
    figureOf(figure('control plane', ({ controlPlane }) => controlPlane)),
    figureOf(figure('router', ({ router }) => router)),
    figureOf(figure('launcher', ({ launcher }) => launcher)),
    figureOf(figure('supervisor of a Webapp’s instance', ({ supervisor }) => supervisor)),
  ];
};

/** In MiB. */
type Memory = Record<'controlPlane' | 'router' | 'launcher' | 'supervisor', number>;

const measure = (): Promise<Memory> =>
  withGrid(async (grid) => {
    const { data } = grid.platform;
    const files = { 'server.py': serverOf('here') };
    const env = ['CC_MLPYTHON_RUN_MAIN=server.py'];
    await pushFirst(grid, { type: 'ml_python_web', files, env });
    await wait(IDLE);
    const [controlPlane = 0, router = 0] = readMemory([
      readPid(join(data, 'control.json')),
      await routerOf(data),
    ]);
    const supervisorPid = supervisorOf(data);
    const [launcher = 0, supervisor = 0] = readMemory([parentOf(supervisorPid), supervisorPid]);
    return { controlPlane, router, launcher, supervisor };
  });

const readPid = (path: string): number =>
  (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid;

async function routerOf(data: string): Promise<number> {
  const [newest] = await findRouters(join(data, 'router'), AbortSignal.timeout(10_000));
  return newest?.status.pid ?? 0;
}

/** Of the one instance that runs; its parent is the launcher. */
function supervisorOf(data: string): number {
  const folder = join(data, 'engine', 'instances');
  const [id = ''] = readdirSync(folder);
  return readPid(join(folder, id, 'instance.json'));
}

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
