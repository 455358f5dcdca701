import { applications } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { MOST_NODES, isOffered, variants } from '../../applications/application.ts';
import type { Variant } from '../../applications/application.ts';
import { findFlavor, flavors } from '../../scheduling/flavor.ts';
import type { Flavor } from '../../scheduling/flavor.ts';
import type { HttpContext } from '../context.ts';
import { presentFlavor } from '../present/application.ts';
import { serve } from '../serve.ts';

/** What applications can be made of, and where. */
export function productRoutes(app: FastifyInstance, context: HttpContext): void {
  const preset = findFlavor(context.defaultFlavor) ?? flavors[0];
  serve(app, context, applications.listInstanceTypes, async () =>
    variants.flatMap((variant) => [
      ...(preset === undefined ? [] : [presentType(context, variant, preset)]),
      ...gpuFlavors.map((flavor) => ({
        ...presentType(context, variant, flavor),
        name: `${variant.name}, ${flavor.name}`,
        variant: presentVariant(variant, `${variant.slug}:${flavor.name}`),
      })),
    ]),
  );
  for (const endpoint of [applications.listZones, applications.listZonesOfV2])
    serve(app, context, endpoint, async () => [
      {
        name: context.zone,
        displayName: context.zone,
        tags: ['for:applications', 'for:applications-ml'],
      },
    ]);
}

const gpuFlavors = flavors.filter(({ gpus }) => gpus > 0);

/**
 * The official command line cannot name a size when it creates something, only a type: so each size
 * with GPUs has a type of its own, `ml_python:ML_S`.
 */
const presentType = ({ engineChoice }: HttpContext, variant: Variant, preset: Flavor) => ({
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
