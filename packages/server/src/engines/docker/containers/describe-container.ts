import type { ContainerCommand, InstanceFiles, InstanceSpec } from '../../../workloads/engine.ts';
import type { LogConfig } from '../logs/log-driver.ts';
import { bind, programMounts } from '../machine-programs.ts';
import type { Mount, User } from '../machine-programs.ts';
import { instanceLabels } from '../names.ts';
import type { PlatformId } from '../names.ts';
import type { DeviceRequest } from './request-devices.ts';
import { argvOf } from './run-steps.ts';

const MIB = 2 ** 20;
const MOST_PROCESSES = 2048;
/** Of shared memory there is as much as half of an instance's memory, and what data loaders need at least. */
const LEAST_SHARED = 1024 * MIB;

type Given = {
  platform: PlatformId;
  image: string;
  network: string;
  log: LogConfig | undefined;
  devices: readonly DeviceRequest[];
};

/** What the engine is asked to create (`POST /containers/create`). */
export type ContainerBody = Record<string, unknown> & { HostConfig: Record<string, unknown> };

/** A container that runs programs of this machine on an application's files: a Python or Java application, a build, a hook. */
export function programContainer(
  spec: InstanceSpec,
  steps: Parameters<typeof argvOf>[0],
  { user, ...given }: Given & { user: User },
): ContainerBody {
  const body = container(spec, given);
  return {
    ...body,
    Entrypoint: [],
    Cmd: argvOf(steps),
    User: `${user.uid}:${user.gid}`,
    WorkingDir: spec.workingDirectory,
    HostConfig: {
      ...body.HostConfig,
      CapDrop: ['ALL'],
      Mounts: onceEach([...programMounts(), ...fileMounts(spec)]).filter(
        ({ Target }) => given.devices.length === 0 || Target !== LIBRARY_CACHE,
      ),
    },
  };
}

/** What gives GPUs to a container writes one of the container's own, with the driver's libraries. */
const LIBRARY_CACHE = '/etc/ld.so.cache';

/** A setting may name a folder that every container of programs has already, certificates say; Docker refuses the second. */
const onceEach = (mounts: readonly Mount[]): readonly Mount[] => [
  ...new Map(mounts.map((mount) => [mount.Target, mount])).values(),
];

/** What a build writes into, installed dependencies, and tools outside /usr; the application is in its image. */
function fileMounts({ files }: InstanceSpec): Mount[] {
  const { application, environment, cache, readOnly } = files;
  return [
    ...(application.access === 'writable'
      ? [bind(application.source, application.mountedAt, false)]
      : []),
    ...(environment === undefined
      ? []
      : [bind(environment.source, '/opt/env', environment.access === 'read-only')]),
    ...(cache === undefined ? [] : [bind(cache.source, '/home/bas/.cache', false)]),
    ...readOnly.map((path) => bind(path, path, true)),
    ...sharedMounts(files),
  ];
}

const sharedMounts = ({ shared }: InstanceFiles): Mount[] =>
  shared === undefined ? [] : [bind(shared.source, shared.mountedAt, false)];

/** Rights that images of all kinds count on; of Docker's own, those go that reach beyond the container. */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

const SOCKET = '/var/run/docker.sock';

/** A container that runs as its image says. */
export function imageContainer(
  spec: InstanceSpec,
  given: Given & { socket: string | undefined; argv?: ContainerCommand['argv'] },
): ContainerBody {
  const body = container(spec, given);
  const { socket, argv } = given;
  return {
    ...body,
    ...(argv && { Cmd: argv }),
    HostConfig: {
      ...body.HostConfig,
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      Mounts: [
        ...sharedMounts(spec.files),
        ...(socket === undefined ? [] : [bind(socket, SOCKET, false)]),
      ],
    },
  };
}

/** What all have in common: who it is, and what it may use. */
function container(
  spec: InstanceSpec,
  { platform, image, network, log, devices }: Given,
): ContainerBody {
  const { limits, environment, address, hosts = {} } = spec;
  const memory = limits.memoryMiB * MIB;
  return {
    Image: image,
    Hostname: `instance-${spec.number}`,
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    Labels: instanceLabels(platform, spec),
    ...(address && {
      NetworkingConfig: {
        EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } },
      },
    }),
    HostConfig: {
      NetworkMode: network,
      ExtraHosts: Object.entries(hosts).map(([name, at]) => `${name}:${at}`),
      Memory: memory,
      MemorySwap: memory,
      CpuShares: Math.round(1024 * limits.cpus),
      PidsLimit: MOST_PROCESSES,
      ShmSize: Math.max(LEAST_SHARED, memory / 2),
      SecurityOpt: ['no-new-privileges'],
      IpcMode: 'private',
      Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
      RestartPolicy: { Name: 'no' },
      ...(log && { LogConfig: log }),
      ...(devices.length > 0 && { DeviceRequests: devices }),
    },
  };
}
