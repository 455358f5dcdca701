import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { Flavor, none, nothing } from './schemas.ts';

export const listInstanceTypes = endpoint({
  method: 'GET',
  path: '/v2/products/instances',
  summary: 'What applications can be made of',
  for: 'signed in',
  params: none,
  query: z.object({ for: z.string().optional() }),
  body: nothing,
  result: z.array(
    z.object({
      type: z.string(),
      version: z.string(),
      enabled: z.boolean(),
      comingSoon: z.boolean(),
      name: z.string(),
      description: z.string(),
      variant: z.object({
        id: z.string(),
        slug: z.string(),
        name: z.string(),
        deployType: z.string(),
      }),
      defaultFlavor: Flavor,
      buildFlavor: Flavor,
      flavors: z.array(Flavor),
      maxInstances: z.number(),
      deployments: z.array(z.string()),
      tags: z.array(z.string()),
    }),
  ),
});

export const Zone = z.object({
  name: z.string(),
  displayName: z.string(),
  tags: z.array(z.string()),
});

export const listZonesOfV2 = endpoint({
  method: 'GET',
  path: '/v2/products/zones',
  summary: 'Where applications can live',
  for: 'signed in',
  params: none,
  query: none,
  body: nothing,
  result: z.array(Zone),
});

export const listZones = endpoint({
  method: 'GET',
  path: '/v4/products/zones',
  summary: 'Where applications can live',
  for: 'signed in',
  params: none,
  query: none,
  body: nothing,
  result: z.array(Zone),
});
