import { systemClock } from '../../packages/server/src/lib/clock.ts';
import { HOUR, MINUTE } from '../../packages/server/src/lib/duration.ts';
import type { WorkloadId } from '../../packages/server/src/lib/ids.ts';
import { askForLook } from '../../packages/server/src/reconcile/looks.ts';
import type { Database } from '../../packages/server/src/store/database.ts';
import { insertWorkload } from '../../packages/server/src/workloads/workload-store.ts';
import type { NewWorkload } from '../../packages/server/src/workloads/workload-store.ts';
import { atMost, figureOf, percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { withScene } from './scene.ts';
import type { Scene } from './scene.ts';

const QUEUED = [100, 10_000, 100_000];
const GPUS = 8;
const ROUNDS = 3;
const DECISIONS = 300;
/** As many are not counted: the program has just started, a platform has long been up. */
const WARM_UP = 50;
const IN_ONE_TRANSACTION = 10_000;

/**
 * From before a workload on the one GPU that comes free is said to be over, to after the next is admitted:
 * two durable commits and all between them. The first of the partition is a gang that has a reservation for all eight
 * GPUs, so that each that starts goes ahead of it and is tried against the reservation.
 */
export async function measureDecisions(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const queued of QUEUED) {
    const rounds = await withScene({ hosts: 1, gpusOfEach: GPUS }, (scene) =>
      measure(scene, queued),
    );
    const common = { bench: 'scheduling', unit: 'ms' };
    const metric = `free GPU → next admitted, ${queued} queued`;
    const share = (of: number): number[] => rounds.map((round) => percentile(round, of));
    figures.push(figureOf({ ...common, metric: `${metric}, median`, rounds: share(0.5) }));
    figures.push(
      figureOf({
        ...common,
        metric: `${metric}, p99`,
        rounds: share(0.99),
        goal: atMost(50, 'ms'),
      }),
    );
  }
  return figures;
}

/** Rounds of how long each decision took. */
async function measure(scene: Scene, queued: number): Promise<number[][]> {
  const { database, workload } = scene;
  const admitted: WorkloadId[] = [];
  let onNext = (): void => undefined;
  scene.onAdmitted((ids) => {
    admitted.push(...ids);
    onNext();
  });
  const untilAdmitted = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onNext = () => void (admitted.length >= count && resolve());
      onNext();
    });
  await insertAll(database, ordersOf(scene, queued));
  await database.transaction((tx) => askForLook(tx, 'queue', 'all', systemClock()));
  await untilAdmitted(GPUS);
  const decide = async (): Promise<number> => {
    const [over] = admitted.splice(-1);
    if (over === undefined) throw new Error('nothing runs');
    await insertAll(database, [workload(shortAt(systemClock()))]);
    const next = untilAdmitted(GPUS);
    const begun = performance.now();
    await database.transaction((tx) => scene.end(tx, over));
    await next;
    return performance.now() - begun;
  };
  const decideTimes = async (times: number): Promise<number[]> => {
    const took: number[] = [];
    while (took.length < times) took.push(await decide());
    return took;
  };
  await decideTimes(WARM_UP);
  const rounds: number[][] = [];
  while (rounds.length < ROUNDS) rounds.push(await decideTimes(DECISIONS));
  return rounds;
}

const shortAt = (at: number) => ({ flavor: 'ML_XS', estimate: MINUTE, at });

/** Seven that hold their GPUs for long, the gang, and short ones of one GPU each that may go ahead of it. */
function ordersOf({ workload }: Scene, queued: number): NewWorkload[] {
  const at = systemClock();
  const long = workload({ flavor: 'ML_XS', estimate: 9_000 * HOUR, at });
  const gang = workload({ flavor: 'ML_3XL', nodes: 2, estimate: HOUR, at: at + 1 });
  const short = workload(shortAt(at + 2));
  return [
    ...Array.from({ length: GPUS - 1 }, () => long),
    gang,
    ...Array.from({ length: queued }, () => short),
  ];
}

async function insertAll(database: Database, orders: readonly NewWorkload[]): Promise<void> {
  for (let from = 0; from < orders.length; from += IN_ONE_TRANSACTION)
    await database.transaction(async (tx) => {
      for (const order of orders.slice(from, from + IN_ONE_TRANSACTION))
        await insertWorkload(tx, order);
    });
}
