import { MINUTE } from '../../packages/server/src/lib/duration.ts';
import { systemClock } from '../../packages/server/src/lib/clock.ts';
import type { WorkloadId } from '../../packages/server/src/lib/ids.ts';
import { askForLook } from '../../packages/server/src/reconcile/looks.ts';
import { insertWorkload } from '../../packages/server/src/workloads/workload-store.ts';
import { atLeast, figureOf } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { withScene } from './scene.ts';
import type { Scene } from './scene.ts';

const HOSTS = 640;
const GANGS = 1_000;
const NODES = 4;
const ROUNDS = 3;
/** Ray’s nightly release test `many_pgs` of a thousand placement groups, as published. */
const RAY = 18.9;

/**
 * A thousand gangs, each asked for in a transaction of its own, on hosts that hold 160 of them at a time: a
 * gang is over as soon as it is admitted. From the first asked for to the last admitted.
 */
export async function measureGangs(): Promise<Figure[]> {
  const rounds: number[] = [];
  while (rounds.length < ROUNDS)
    rounds.push(await withScene({ hosts: HOSTS, gpusOfEach: 1 }, measure));
  return [
    figureOf({
      bench: 'scheduling',
      metric: `${GANGS} gangs of ${NODES} nodes on ${HOSTS} hosts`,
      unit: 'per second',
      rounds,
      goal: atLeast(100, ' per second'),
      beside: { name: 'Ray, as published', rounds: [RAY] },
    }),
  ];
}

async function measure(scene: Scene): Promise<number> {
  const { database, workload } = scene;
  const done = Promise.withResolvers<void>();
  let admitted = 0;
  const endAll = (ids: readonly WorkloadId[]): Promise<void> =>
    database.transaction(async (tx) => {
      for (const id of ids) await scene.end(tx, id);
    });
  scene.onAdmitted((ids) => {
    admitted += ids.length;
    if (admitted >= GANGS) done.resolve();
    else endAll(ids).catch(done.reject);
  });
  const ask = (): Promise<void> =>
    database.transaction(async (tx) => {
      const at = systemClock();
      await insertWorkload(tx, workload({ flavor: 'ML_XS', nodes: NODES, estimate: MINUTE, at }));
      await askForLook(tx, 'queue', 'all', at);
    });
  const begun = performance.now();
  await Promise.all(Array.from({ length: GANGS }, ask));
  await done.promise;
  const seconds = (performance.now() - begun) / 1_000;
  await checkWhole(scene);
  return GANGS / seconds;
}

/** All or nothing: each gang had a device for each of its nodes, each on a host of its own. */
async function checkWhole({ database }: Scene): Promise<void> {
  const leases = await database.read
    .selectFrom('leases')
    .innerJoin('devices', 'devices.uuid', 'leases.deviceUuid')
    .select(['leases.workloadId as id', 'leases.number', 'devices.host'])
    .execute();
  const gangs = Map.groupBy(leases, ({ id }) => id);
  const isWhole = (nodes: readonly { number: number; host: string }[]): boolean =>
    nodes.length === NODES &&
    new Set(nodes.map(({ number }) => number)).size === NODES &&
    new Set(nodes.map(({ host }) => host)).size === NODES;
  if (gangs.size !== GANGS || ![...gangs.values()].every(isWhole))
    throw new Error('a gang was given less than all of its nodes');
}
