import { products } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { isOffered, MOST_NODES, variants } from '../../applications/application.ts';
import type { Variant } from '../../applications/application.ts';
import { presentFlavor } from '../present/application.ts';
import {
  chooseBuildFlavor,
  chooseDefaultFlavor,
  isOffered as isFlavorOffered,
} from '../../scheduling/flavor.ts';
import type { EmptyPlatform } from '../../scheduling/never-fits.ts';
import type { Flavor } from '../../scheduling/flavor.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';
import type { EngineChoice } from '../../workloads/choose-engine.ts';

type ProductNeeds = Serving & {
  engineChoice: EngineChoice;
  zone: string;
  /** The platform when it is empty, and what of its sizes it can hold then. */
  empty(): Promise<EmptyPlatform>;
};

/** What applications can be made of, and where. */
export function productRoutes(app: FastifyInstance, needs: ProductNeeds): void {
  serve(app, needs, products.listInstanceTypes, async () => {
    const { flavors, fits } = await needs.empty();
    const preset = chooseDefaultFlavor(flavors, (flavor) => fits(flavor, 1));
    const present = (variant: Variant, flavor: Flavor) =>
      presentType(needs, variant, { flavors, preset: flavor });
    return variants.flatMap((variant) => [
      present(variant, preset),
      ...flavors
        .filter(({ gpus }) => gpus > 0)
        .map((flavor) => ({
          ...present(variant, flavor),
          name: `${variant.name}, ${flavor.name}`,
          variant: presentVariant(variant, `${variant.slug}:${flavor.name}`),
        })),
    ]);
  });
  for (const endpoint of [products.listZones, products.listZonesOfV2])
    serve(app, needs, endpoint, async () => [
      {
        name: needs.zone,
        displayName: needs.zone,
        tags: ['for:applications', 'for:applications-ml'],
      },
    ]);
}

/**
 * The official command line cannot name a size when it creates something, only a type: so each size
 * with GPUs has a type of its own, `ml_python:ML_S`.
 */
const presentType = (
  { engineChoice }: ProductNeeds,
  variant: Variant,
  { flavors, preset }: { flavors: readonly Flavor[]; preset: Flavor },
) => ({
  type: variant.type,
  version: variant.version,
  enabled: isOffered(variant, engineChoice),
  comingSoon: !isOffered(variant, engineChoice),
  name: variant.name,
  description: `${variant.name} for machine learning`,
  variant: presentVariant(variant, variant.slug),
  defaultFlavor: presentFlavor(preset),
  buildFlavor: presentFlavor(chooseBuildFlavor(flavors, { memoryMiB: Infinity })),
  flavors: flavors.filter(isFlavorOffered).map(presentFlavor),
  maxInstances: MOST_NODES,
  deployments: ['git'],
  tags: [variant.kind],
});

const presentVariant = ({ id, name, deployType }: Variant, slug: string) => ({
  id,
  slug,
  name,
  deployType,
});
