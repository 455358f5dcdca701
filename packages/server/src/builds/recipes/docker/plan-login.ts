import type { RegistryLogin } from '../../../workloads/engine.ts';
import type { Failure, Variables } from '../../recipe.ts';

const DOCKER_HUB = 'https://index.docker.io/v1/';

/** Who asks the registry; undefined for nobody. */
export function planLogin(environment: Variables): RegistryLogin | Failure | undefined {
  const username = environment['CC_DOCKER_LOGIN_USERNAME']?.trim() ?? '';
  const password = environment['CC_DOCKER_LOGIN_PASSWORD'] ?? '';
  if (username === '' && password === '') return undefined;
  if (password === '') return half('CC_DOCKER_LOGIN_USERNAME', 'CC_DOCKER_LOGIN_PASSWORD');
  if (username === '') return half('CC_DOCKER_LOGIN_PASSWORD', 'CC_DOCKER_LOGIN_USERNAME');
  const server = environment['CC_DOCKER_LOGIN_SERVER']?.trim() || DOCKER_HUB;
  return { server, username, password };
}

const half = (set: string, missing: string): Failure => ({
  reason: 'invalid_variable',
  detail: `${set} is set and ${missing} is not: signing in to a registry takes both.`,
});
