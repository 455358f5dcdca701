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
  HOME: '/home/bas',
  USER: 'bas',
  SHELL: '/bin/bash',
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
    gpus: number;
    memoryMiB: number;
  },
): Variables {
  const { application, instance, gpus, memoryMiB, start, user } = subject;
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
    CC_GPU_COUNT: String(gpus),
    CUDA_VISIBLE_DEVICES: '',
    NVIDIA_VISIBLE_DEVICES: 'void',
    ...(application.kind === 'webapp' ? { PORT: user['PORT'] ?? '8080' } : {}),
  };
}

const joinPaths = (...paths: (string | undefined)[]): string =>
  paths.filter((path) => path !== undefined).join(':');
