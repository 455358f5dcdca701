import { products } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { isOffered, MOST_NODES, variants } from '../../applications/application.ts';
import type { Variant } from '../../applications/application.ts';
import { presentFlavor } from '../present/application.ts';
import { findFlavor, flavors } from '../../scheduling/flavor.ts';
import type { Flavor } from '../../scheduling/flavor.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';
import type { EngineChoice } from '../../workloads/choose-engine.ts';

type ProductNeeds = Serving & { engineChoice: EngineChoice; zone: string; defaultFlavor: string };

/** What applications can be made of, and where. */
export function productRoutes(app: FastifyInstance, needs: ProductNeeds): void {
  const preset = findFlavor(needs.defaultFlavor) ?? flavors[0];
  serve(app, needs, products.listInstanceTypes, async () =>
    variants.flatMap((variant) => [
      ...(preset === undefined ? [] : [presentType(needs, variant, preset)]),
      ...gpuFlavors.map((flavor) => ({
        ...presentType(needs, variant, flavor),
        name: `${variant.name}, ${flavor.name}`,
        variant: presentVariant(variant, `${variant.slug}:${flavor.name}`),
      })),
    ]),
  );
  for (const endpoint of [products.listZones, products.listZonesOfV2])
    serve(app, needs, endpoint, async () => [
      {
        name: needs.zone,
        displayName: needs.zone,
        tags: ['for:applications', 'for:applications-ml'],
      },
    ]);
}

const gpuFlavors = flavors.filter(({ gpus }) => gpus > 0);

/**
 * The official command line cannot name a size when it creates something, only a type: so each size
 * with GPUs has a type of its own, `ml_python:ML_S`.
 */
const presentType = ({ engineChoice }: ProductNeeds, variant: Variant, preset: Flavor) => ({
  type: variant.type,
  version: variant.version,
  enabled: isOffered(variant, engineChoice),
  comingSoon: !isOffered(variant, engineChoice),
  name: variant.name,
  description: `${variant.name} for machine learning`,
  variant: presentVariant(variant, variant.slug),
  defaultFlavor: presentFlavor(preset),
  buildFlavor: presentFlavor(findFlavor('S') ?? preset),
  flavors: flavors.filter(({ offered }) => offered).map(presentFlavor),
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
