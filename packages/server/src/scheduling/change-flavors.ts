import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Database, Tx } from '../store/database.ts';
import { canonicalName, changesOf, parseFlavor } from './flavor.ts';
import type { Flavor, FlavorOrder, PartialOrder } from './flavor.ts';
import { recordChanged, recordCreated, recordDeleted } from './flavor-event.ts';
import {
  requireFlavor,
  findFlavor,
  insertFlavor,
  listFlavors,
  lockFlavors,
  selectCalled,
  setFlavorRemoved,
  updateFlavorRow,
} from './flavor-store.ts';

/** Who has a size, by its name. */
export type FlavorUse = { applications: number; runs: number; workloads: number };

type Deps = {
  database: Database;
  clock: Clock;
  useOf(tx: Tx, name: string): Promise<FlavorUse>;
};

type Change = { by: Actor; at: number };

const changeFlavors = <T>(
  { database, clock }: Deps,
  by: Actor,
  change: (tx: Tx, done: Change) => Promise<T>,
): Promise<T> =>
  database.transaction(async (tx) => {
    await lockFlavors(tx);
    return change(tx, { by, at: clock() });
  });

/** A new size. Refuses a name that there is, be it in other capitals. */
export const createFlavor = (
  deps: Deps,
  { by, flavor }: { by: Actor; flavor: FlavorOrder },
): Promise<void> => changeFlavors(deps, by, (tx, done) => create(tx, flavor, done));

async function create(tx: Tx, order: FlavorOrder, { by, at }: Change): Promise<void> {
  const flavor = parseFlavor(order);
  const { name } = flavor;
  const called = await selectCalled(tx, [name]);
  const former = called.find((one) => one.removedAt === null || one.name !== name);
  if (former !== undefined)
    throw new Refusal(
      'conflict',
      `There is a flavor ${former.name}${former.removedAt === null ? '' : ', which was deleted'}: choose a name that differs in more than capitals.`,
      {
        name: 'must be another than those that there are',
      },
    );
  const made = { ...flavor, origin: 'operator' as const, changedAt: at };
  if (called.length === 0) await insertFlavor(tx, { ...made, createdAt: at });
  else await updateFlavorRow(tx, name, { ...made, removedAt: null });
  await recordCreated(tx, flavor, { by, at });
}

/**
 * It has these numbers from now on; those that are not named stay. Who has it gets them at the next start: what waits or
 * runs keeps its own.
 */
export const updateFlavor = (
  deps: Deps,
  { by, name, change }: { by: Actor; name: string; change: Omit<PartialOrder, 'name'> },
): Promise<void> => changeFlavors(deps, by, (tx, done) => update(tx, { ...change, name }, done));

async function update(tx: Tx, order: PartialOrder, done: Change): Promise<void> {
  const former = await requireFlavor(tx, order.name);
  const flavor = parseFlavor({ ...order, name: former.name }, former);
  await replace(tx, { former, flavor }, done);
}

async function replace(
  tx: Tx,
  { former, flavor }: { former: Flavor; flavor: ReturnType<typeof parseFlavor> },
  { by, at }: Change,
): Promise<void> {
  if (flavor.gpus > 0 && former.gpus === 0) await requirePlainFlavor(tx, former.name);
  const changes = changesOf(former, flavor);
  if (Object.keys(changes).length === 0) return;
  await updateFlavorRow(tx, former.name, { ...changes, origin: 'operator', changedAt: at });
  await recordChanged(tx, former.name, { changes, by, at });
}

/** It is what the order says, as if it were new, whether it is there or not. */
async function put(tx: Tx, order: FlavorOrder, done: Change): Promise<void> {
  const former = await findFlavor(tx, order.name);
  if (former === undefined) return create(tx, order, done);
  return replace(tx, { former, flavor: parseFlavor(order) }, done);
}

/** Nobody chooses it any more. Refuses one that somebody has. */
export const deleteFlavor = (
  deps: Deps,
  { by, name }: { by: Actor; name: string },
): Promise<void> => changeFlavors(deps, by, (tx, done) => remove(deps, tx, { ...done, name }));

async function remove(
  { useOf }: Deps,
  tx: Tx,
  { name, by, at }: Change & { name: string },
): Promise<void> {
  const flavor = await requireFlavor(tx, name);
  const use = describeUse(await useOf(tx, flavor.name));
  if (use !== '')
    throw new Refusal(
      'conflict',
      `Flavor ${flavor.name} is in use (${use}): give those that have it another size first, or wait until they have ended.`,
    );
  if (flavor.gpus === 0) await requirePlainFlavor(tx, flavor.name);
  await setFlavorRemoved(tx, flavor.name, at);
  await recordDeleted(tx, flavor.name, { by, at });
}

/** All of these at once, or none: what is there is changed, what is not is made. With `only`, all others are deleted. */
export const applyFlavors = (
  deps: Deps,
  { by, flavors, only }: { by: Actor; flavors: readonly FlavorOrder[]; only: boolean },
): Promise<void> =>
  changeFlavors(deps, by, async (tx, done) => {
    const orders = flavors.map((order) => ({ ...order, name: canonicalName(order.name) }));
    const names = new Set(orders.map(({ name }) => name));
    if (names.size < orders.length)
      throw new Refusal('invalid', 'A flavor is named twice.', { flavors: 'must differ by name' });
    for (const order of orders) await put(tx, order, done);
    if (!only) return;
    const others = (await listFlavors(tx)).filter(({ name }) => !names.has(name));
    for (const { name } of others) await remove(deps, tx, { ...done, name });
  });

/** Builds need one without GPUs. */
async function requirePlainFlavor(tx: Tx, but: string): Promise<void> {
  const others = (await listFlavors(tx)).filter(({ name, gpus }) => gpus === 0 && name !== but);
  if (others.length === 0)
    throw new Refusal(
      'conflict',
      `Flavor ${but} is the last without GPUs, which builds need: create another first.`,
    );
}

function describeUse({ applications, runs, workloads }: FlavorUse): string {
  const count = (many: number, what: string): string[] =>
    many === 0 ? [] : [`${many} ${what}${many === 1 ? '' : 's'}`];
  return [
    ...count(applications, 'application'),
    ...count(runs, 'unfinished run'),
    ...count(workloads, 'running or waiting workload'),
  ].join(', ');
}
