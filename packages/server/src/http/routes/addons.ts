import { addons } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

/** No add-on can be made yet: there are none, wherever clients look. */
export function addonRoutes(app: FastifyInstance, needs: Serving): void {
  serve(app, needs, addons.listOwnAddons, async () => []);
  serve(app, needs, addons.listAddonProviders, async () => []);
  serve(app, needs, addons.listAddons, async () => []);
  for (const endpoint of [addons.listLinkedAddons, addons.getAddonsEnvironment])
    serve(app, needs, endpoint, async () => []);
}
