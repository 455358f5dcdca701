import type { Command } from '../workloads/engine.ts';

type Variables = Readonly<Record<string, string>>;

type Subject = {
  /** The user's own variables; the platform's are stronger. */
  user: Variables;
  application: { id: string; name: string; ownerId: string; kind: 'runner' | 'webapp' };
  deployment: { id: string; commitId: string };
};

/** Where the machine's own programs are. */
export const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';

/** Where an application's directory is, inside its instances. */
export const homeOf = (applicationId: string): string => `/home/bas/${applicationId}`;

/** Who commands are on the host, and where. */
const PLACES: Variables = { HOME: '/home/bas', USER: 'bas', SHELL: '/bin/bash' };

const weak: Variables = { LANG: 'C.UTF-8', TZ: 'UTC', PATH: SYSTEM_PATH };

const strong = ({ application, deployment }: Subject): Variables => ({
  APP_ID: application.id,
  CC_APP_ID: application.id,
  CC_APP_NAME: application.name,
  CC_OWNER_ID: application.ownerId,
  APP_HOME: homeOf(application.id),
  COMMIT_ID: deployment.commitId,
  CC_COMMIT_ID: deployment.commitId,
  CC_DEPLOYMENT_ID: deployment.id,
  ...PLACES,
});

/** What a build step sees. */
export const buildVariables = (subject: Subject & { programs: Variables }): Variables => ({
  ...weak,
  ...subject.programs,
  ...subject.user,
  ...strong(subject),
  INSTANCE_TYPE: 'build',
  PATH: subject.programs['PATH'] ?? SYSTEM_PATH,
});

/** What an instance that runs or serves sees; `start` comes with the artifact. */
export function instanceVariables(
  subject: Subject & {
    start: Variables;
    instance: { id: string; number: number; name: string };
    /** The devices that it holds. */
    devices: readonly { uuid: string }[];
    memoryMiB: number;
    /** What a Webapp serves; undefined for a Runner. */
    port: number | undefined;
  },
): Variables {
  const { instance, devices, memoryMiB, port, start, user } = subject;
  return {
    ...weak,
    ...start,
    ...user,
    ...(user['PATH'] === undefined ? {} : { PATH: joinPaths(start['PATH'], user['PATH']) }),
    ...strong(subject),
    INSTANCE_ID: instance.id,
    CC_INSTANCE_ID: instance.id,
    INSTANCE_NUMBER: String(instance.number),
    INSTANCE_TYPE: 'production',
    CC_PRETTY_INSTANCE_NAME: instance.name,
    CG_MEMORY_MIB: String(memoryMiB),
    ...deviceVariables(devices),
    ...(port === undefined ? {} : { PORT: user['PORT'] ?? String(port) }),
  };
}

/**
 * Which GPUs a program sees, by UUID, in the order of the machine's bus: said in every case, for CUDA takes
 * what is not said for all, and indices change with what is visible.
 */
export function deviceVariables(devices: readonly { uuid: string }[]): Variables {
  const visible = devices.map(({ uuid }) => uuid).join(',');
  return {
    CC_GPU_COUNT: String(devices.length),
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: visible,
    NVIDIA_VISIBLE_DEVICES: visible === '' ? 'void' : visible,
  };
}

/** Variables as an image's own programs see them: what it says of its places and paths holds, unless the user does. */
export function withoutHost(variables: Variables, programs: Variables, user: Variables): Variables {
  const ofHost = new Set([...Object.keys(weak), ...Object.keys(programs), ...Object.keys(PLACES)]);
  const others = Object.entries(variables).filter(([name]) => !ofHost.has(name));
  const own = Object.entries(user).filter(([name]) => ofHost.has(name));
  return Object.fromEntries([...others, ...own]);
}

/** A command of the host beside a container: what `withoutHost` left out is said to it alone. */
export const onHost = ({ name, argv }: Command, programs: Variables): Command => {
  const said = Object.entries({ ...weak, ...programs, ...PLACES }).map(
    ([variable, value]) => `${variable}=${value}`,
  );
  return { name, argv: ['/usr/bin/env', ...said, ...argv] };
};

const joinPaths = (...paths: (string | undefined)[]): string =>
  paths.filter((path) => path !== undefined).join(':');
