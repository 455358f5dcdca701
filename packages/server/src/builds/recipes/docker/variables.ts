import type { Documented } from '../../variables.ts';

export const dockerVariables: readonly Documented[] = [
  {
    name: 'CC_DOCKERFILE',
    what: 'The file that says how the image is made',
    fallback: 'Dockerfile',
    example: 'docker/train.Dockerfile',
  },
  {
    name: 'CC_DOCKER_BUILDX',
    what: '`false`: the classic builder, in place of BuildKit',
    fallback: 'true',
  },
  {
    name: 'CC_DOCKER_EXPOSED_HTTP_PORT',
    what: 'The port of the container that visitors and the health check come to. A Webapp gets it as `PORT`, where that is not set',
    fallback: '8080',
    example: '8888',
  },
  {
    name: 'CC_DOCKER_EXPOSED_TCP_PORT',
    what: 'A port of the container for raw TCP: reached inside the owner’s network only, until there are TCP redirections',
    fallback: '4040',
    example: '5432',
  },
  {
    name: 'CC_DOCKER_LOGIN_USERNAME',
    what: 'Who asks the registry for private base images. Where it refuses, the build goes on as nobody',
  },
  { name: 'CC_DOCKER_LOGIN_PASSWORD', what: 'Their password or token, never shown', secret: true },
  {
    name: 'CC_DOCKER_LOGIN_SERVER',
    what: 'The registry',
    fallback: 'Docker Hub',
    example: 'registry.example.com',
  },
  {
    name: 'CC_MOUNT_DOCKER_SOCKET',
    what: '`true`: the container may ask the machine’s Docker engine for others. Only where the operator allows it: whoever may do that owns the machine',
    fallback: 'false',
  },
  { name: 'CC_DOCKER_FIXED_CIDR_V6', what: 'Not offered: the log says so' },
  { name: 'CC_RUN_COMMAND', what: 'No effect: the image says what is started' },
  { name: 'CC_WORKER_COMMAND[_n]', what: 'No effect: the log says so' },
  {
    name: 'CG_ENGINE',
    what: 'An application made from a Dockerfile runs on the Docker engine: another fails the deployment',
    fallback: 'docker',
  },
  {
    name: 'PORT',
    what: 'What a Webapp is told to listen on: visitors come to `CC_DOCKER_EXPOSED_HTTP_PORT` all the same',
    fallback: 'that port',
  },
];
