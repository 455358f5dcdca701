import type { RuntimeEntry } from '../runtime-entry.ts';
import { dockerRecipe } from './docker-recipe.ts';
import { dockerVariables } from './variables.ts';

export const dockerRuntime: RuntimeEntry = {
  title: 'Docker',
  type: 'ml_docker',
  version: '20190703',
  deployType: 'docker',
  ids: {
    runner: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a01',
    webapp: '6f6bcd1f-8c4f-4f6e-9d2c-0e8a1c1c0a02',
  },
  // an image may say another port, so none is set before it is known
  presets: { runner: {}, webapp: {} },
  servesOn: 'the port of CC_DOCKER_EXPOSED_HTTP_PORT (8080 where it is not set)',
  variables: dockerVariables,
  open: async (machine) => dockerRecipe(machine),
  // the Docker engine speaks for itself
  diagnose: async () => [],
};
