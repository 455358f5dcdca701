import { applications } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { MOST_NODES, variants } from '../../applications/application.ts';
import { findFlavor, flavors } from '../../scheduling/flavor.ts';
import type { HttpContext } from '../context.ts';
import { presentFlavor } from '../present/application.ts';
import { serve } from '../serve.ts';

/** What applications can be made of, and where. */
export function productRoutes(app: FastifyInstance, context: HttpContext): void {
  const offered = flavors.filter((flavor) => flavor.offered);
  const named = (name: string) => presentFlavor(findFlavor(name) ?? flavors[0] ?? ({} as never));
  serve(app, context, applications.listInstanceTypes, async () =>
    variants.map((variant) => ({
      type: variant.type,
      version: variant.version,
      enabled: variant.enabled,
      comingSoon: !variant.enabled,
      name: variant.name,
      description: `${variant.name} for machine learning`,
      variant: {
        id: variant.id,
        slug: variant.slug,
        name: variant.name,
        deployType: variant.deployType,
      },
      defaultFlavor: named(context.defaultFlavor),
      buildFlavor: named('S'),
      flavors: offered.map(presentFlavor),
      maxInstances: MOST_NODES,
      deployments: ['git'],
      tags: [variant.kind],
    })),
  );
  serve(app, context, applications.listZones, async () => [
    {
      name: context.zone,
      displayName: context.zone,
      tags: ['for:applications', 'for:applications-ml'],
    },
  ]);
}
