import type {
  Failure,
  Given,
  ImagePlan,
  ImageStart,
  Recipe,
  RecipePlan,
  Toolchain,
  Variables,
} from '../../recipe.ts';
import { readPort } from '../../served-port.ts';
import { insideTree, isOff, isOn } from '../../values.ts';
import { seenArguments } from './declared-arguments.ts';
import { planLogin } from './plan-login.ts';
import { dockerVariables } from './variables.ts';

/** What the operator lets applications do. */
type Allowed = { allowDockerSocket: boolean };

/** Whatever a Dockerfile makes an image of. */
export const dockerRecipe = (allowed: Allowed): Recipe => ({
  version: 'docker/1',
  variables: dockerVariables,
  wants(environment) {
    const path = dockerfileOf(environment);
    return typeof path === 'string' ? [{ path, read: true }] : [];
  },
  plan: (given) => plan(allowed, given),
});

const dockerfileOf = (environment: Variables): string | Failure => {
  const path = insideTree('CC_DOCKERFILE', environment['CC_DOCKERFILE'] ?? '');
  return path === '' ? 'Dockerfile' : path;
};

const HTTP_PORT = 'CC_DOCKER_EXPOSED_HTTP_PORT';
const TCP_PORT = 'CC_DOCKER_EXPOSED_TCP_PORT';

function plan(allowed: Allowed, { environment, files }: Given): RecipePlan | Failure {
  const path = dockerfileOf(environment);
  if (typeof path !== 'string') return path;
  const login = planLogin(environment);
  if (login !== undefined && 'reason' in login) return login;
  const start = planStart(allowed, environment, path);
  if ('reason' in start) return start;
  for (const port of [HTTP_PORT, TCP_PORT].map((name) => readPort(environment, name)))
    if (typeof port === 'object') return port;
  const build: ImagePlan = {
    name: `Building the image of ${isNamed(environment) ? `CC_DOCKERFILE=${path}` : path}`,
    needs: { setting: 'CC_DOCKERFILE', file: { path, executable: false } },
    image: {
      login,
      builder: isOff(environment['CC_DOCKER_BUILDX']) ? 'classic' : 'buildkit',
      arguments: seenArguments(files.get(path)?.text ?? ''),
    },
  };
  return {
    toolchain: NO_TOOLS,
    dependencies: undefined,
    build,
    start: { setting: 'CC_DOCKERFILE', command: start, file: undefined, portVariable: HTTP_PORT },
    notices: noticesOf(environment),
  };
}

const isNamed = (environment: Variables): boolean =>
  (environment['CC_DOCKERFILE']?.trim() ?? '') !== '';

/** All that it needs is in the image. */
const NO_TOOLS: Toolchain = { path: [], variables: {}, readOnly: [], digest: '' };

function planStart(
  { allowDockerSocket }: Allowed,
  environment: Variables,
  path: string,
): ImageStart | Failure {
  const name = `the command of ${path}`;
  if (!isOn(environment['CC_MOUNT_DOCKER_SOCKET'])) return { name };
  if (allowDockerSocket) return { name, mountSocket: true };
  return {
    reason: 'invalid_variable',
    detail:
      'CC_MOUNT_DOCKER_SOCKET: whoever may use the Docker socket owns the machine, and its operator does not allow it. Remove the variable, or ask them.',
  };
}

function noticesOf(environment: Variables): string[] {
  const names = Object.keys(environment).filter((name) => environment[name]?.trim() !== '');
  const without = names.filter((name) => NO_EFFECT.test(name)).toSorted();
  const ipv6 = names.find((name) => /^CC_DOCKER_FIXED[-_]CIDR[-_]V6$/.test(name));
  return [
    ...without.map(
      (name) =>
        `${name} has no effect: a Docker application starts what its image says (CMD or ENTRYPOINT).`,
    ),
    ...(ipv6 === undefined ? [] : [`${ipv6} has no effect: IPv6 networks are not offered here.`]),
  ];
}

const NO_EFFECT = /^(CC_RUN_COMMAND|CC_WORKER_COMMAND(_\d+)?|CC_MLPYTHON_.+)$/;
