import { flavors } from '@grid/api';
import type { FlavorDetails } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { perHour } from '../../billing/price.ts';
import { flavorUse } from '../../deployments/flavor-use.ts';
import {
  applyFlavors,
  createFlavor,
  deleteFlavor,
  updateFlavor,
} from '../../scheduling/change-flavors.ts';
import { requireFlavor } from '../../scheduling/flavor-store.ts';
import type { Flavor } from '../../scheduling/flavor.ts';
import type { EmptyPlatform } from '../../scheduling/never-fits.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

type FlavorNeeds = Serving & {
  /** The platform when it is empty, and what of its sizes it can hold then. */
  empty(): Promise<EmptyPlatform>;
};

/** The sizes that there are, and what operators make of them. */
export function flavorRoutes(app: FastifyInstance, needs: FlavorNeeds): void {
  const { database } = needs;
  const deps = { ...needs, useOf: flavorUse };
  const list = async () => {
    const platform = await needs.empty();
    return { flavors: platform.flavors.map((flavor) => present(platform, flavor)) };
  };
  const show = async (name: string) =>
    present(await needs.empty(), await requireFlavor(database.read, name));
  serve(app, needs, flavors.listFlavors, list);
  serve(app, needs, flavors.getFlavor, async ({ params }) => show(params.name));
  serve(app, needs, flavors.createFlavor, async ({ body, by }) => {
    await createFlavor(deps, { flavor: body, by });
    return show(body.name);
  });
  serve(app, needs, flavors.applyFlavors, async ({ body, by }) => {
    await applyFlavors(deps, { flavors: body.flavors, only: body.only === true, by });
    return list();
  });
  serve(app, needs, flavors.updateFlavor, async ({ params: { name }, body, by }) => {
    await updateFlavor(deps, { name, change: body, by });
    const shown = await show(name);
    const { applications } = await flavorUse(database.read, shown.name);
    return { ...shown, applications };
  });
  serve(app, needs, flavors.deleteFlavor, async ({ params: { name }, by }) => {
    await deleteFlavor(deps, { name, by });
  });
}

const present = ({ fits }: EmptyPlatform, flavor: Flavor): FlavorDetails => {
  const { name, cpus, memoryMiB, diskMiB, gpus, deviceModel, microEurosPerDay, origin } = flavor;
  const measures = { cpus, memoryMiB, diskMiB, gpus, deviceModel };
  return { name, ...measures, price: perHour(microEurosPerDay), origin, fits: fits(flavor, 1) };
};
