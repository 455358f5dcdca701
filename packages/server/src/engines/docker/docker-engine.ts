import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import type { InstanceId, WorkloadId } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type {
  Engine,
  Entrance,
  ImageKeeper,
  InstanceSpec,
  Meter,
  NodeNetwork,
  WorkloadSpec,
} from '../../workloads/engine.ts';
import { canGuard } from './networks/can-guard.ts';
import { createDockerClient } from './client.ts';
import { inspectContainer, removeContainer } from './containers/containers.ts';
import { createContainerSupervisor } from './containers/container-supervisor.ts';
import type { ContainerSupervisor } from './containers/container-supervisor.ts';
import { endInstance } from './containers/end-instance.ts';
import { enterInstance, execute } from './containers/enter-instance.ts';
import { followEngine } from './follow-engine.ts';
import { createBuildKitHold } from './images/hold-buildkit.ts';
import { measureContainers } from './containers/measure-containers.ts';
import { containerUser } from './machine-programs.ts';
import { containerName, hookName, hooks } from './names.ts';
import { addressOf } from './containers/observation.ts';
import { nodeAddresses } from './networks/owner-networks.ts';
import { createPrivateImages } from './images/private-images.ts';
import { createInstanceRecords } from './instance-record.ts';
import type { Kept } from './instance-record.ts';
import { containersOf, instanceOf, list, observe } from './containers/observe-instances.ts';
import type { DockerDeps } from './docker-deps.ts';
import { startInstance } from './containers/start-instance.ts';

export type DockerOptions = {
  directory: string;
  socketPath: string;
  allowedNetworks: readonly string[];
  builder: 'auto' | 'classic';
  /** What the engine's build cache is kept to, everybody's: nobody can tell whose it is. Undefined leaves it alone. */
  buildCacheMiB: number | undefined;
  allowSocket: boolean;
  clock: Clock;
  log: Log;
};

export type DockerEngine = Engine &
  Entrance &
  Meter &
  NodeNetwork &
  ImageKeeper & {
    /** Stops listening; what runs goes on. */
    close(): void;
  };

/** The socket that the engine of this directory was opened with last, or undefined for none ever. */
export function socketOf(directory: string): string | undefined {
  const path = join(directory, SOCKET_FILE);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

const SOCKET_FILE = 'socket';

/** Runs instances as containers of a Docker engine, which need not be there yet, or always. */
export async function createDockerEngine(options: DockerOptions): Promise<DockerEngine> {
  const closing = new AbortController();
  const watchers = new Set<(id: InstanceId) => void>();
  const deps = await openDeps(options, closing.signal, (id) => {
    for (const watcher of watchers) watcher(id);
  });
  const supervisor = createContainerSupervisor(deps);
  void followEngine(deps, supervisor);
  return {
    name: 'docker',
    ensure: (workload) => ensure(deps, supervisor, workload),
    remove: (id, graceSeconds, signal) => remove(deps, supervisor, { id, graceSeconds, signal }),
    observe: (id, signal) => observe(deps, supervisor, id, signal),
    list: (signal) => list(deps, supervisor, signal),
    watch(changed, signal) {
      watchers.add(changed);
      signal.addEventListener('abort', () => watchers.delete(changed), { once: true });
    },
    connect: (id, port, signal) => dial(deps, { id, port }, signal),
    exec: (id, argv, signal) => execute(deps, { id, argv }, signal),
    enter: (id, command, signal) => enterInstance(deps, id, command, signal),
    measure: (signal) => measureContainers(deps, signal),
    nodeAddresses: async (ownerId, signal) =>
      nodeAddresses(deps, await supervisor.parts.networks.ensure(ownerId, signal), signal),
    capacity: async () => {
      const signal = AbortSignal.timeout(10_000);
      const info = await deps.client.ask<{ NCPU: number; MemTotal: number }>(
        { path: '/info' },
        signal,
      );
      return {
        cpus: info.NCPU,
        memoryMiB: Math.floor(info.MemTotal / 2 ** 20),
        isolated: canGuard(),
        warnings: canGuard() ? [] : [UNGUARDED],
      };
    },
    async sweep(sweep, signal) {
      await supervisor.parts.images.sweep(sweep, signal);
      await supervisor.parts.networks.sweep(signal);
      const mostMiB = options.buildCacheMiB;
      if (mostMiB === undefined) return;
      const query = { all: true, 'keep-storage': mostMiB * 2 ** 20 };
      await deps.client.ask({ method: 'POST', path: '/build/prune', query }, signal);
    },
    close: () => closing.abort(),
  };
}

const UNGUARDED =
  'Containers reach this machine and the networks around it: apt-get install nftables';

async function openDeps(
  options: DockerOptions,
  closing: AbortSignal,
  tell: DockerDeps['tell'],
): Promise<DockerDeps> {
  const { directory, socketPath, builder, ...rest } = options;
  const instances = join(directory, 'instances');
  await mkdir(instances, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, SOCKET_FILE), socketPath, { mode: 0o600 });
  return {
    ...rest,
    directory,
    socketPath,
    client: createDockerClient(socketPath),
    platform: await platformId(join(directory, 'platform-id')),
    records: createInstanceRecords(instances),
    user: containerUser(),
    boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
    buildkit: builder === 'auto',
    holdBuildKit: createBuildKitHold(),
    privateImages: createPrivateImages(join(directory, 'private-images.json')),
    lostAt: undefined,
    tell,
    closing,
  };
}

/** The same for as long as the data directory is there. */
async function platformId(path: string): Promise<string> {
  const made = randomBytes(4).toString('hex');
  await writeFile(path, made, { flag: 'wx', mode: 0o600 }).catch(() => undefined);
  return (await readFile(path, 'utf8')).trim();
}

async function ensure(
  deps: DockerDeps,
  supervisor: ContainerSupervisor,
  { workloadId, graceSeconds, instances }: WorkloadSpec,
): Promise<void> {
  const wanted = new Set(instances.map(({ instanceId }) => instanceId));
  const unwanted = (await keptOf(deps, workloadId)).filter(
    ({ record, exit }) => exit === undefined && !wanted.has(record.instanceId),
  );
  await Promise.all([
    ...unwanted.map(({ record: { instanceId } }) =>
      stop(deps, supervisor, instanceId, graceSeconds),
    ),
    ...instances.map((spec) => begin(deps, supervisor, spec)),
  ]);
}

/** What takes its time goes on by itself; it is seen when it is over, and may be asked for again. */
async function begin(
  deps: DockerDeps,
  supervisor: ContainerSupervisor,
  spec: InstanceSpec,
): Promise<void> {
  if (takesLong(spec))
    await deps.client.ask({ path: '/info' }, AbortSignal.timeout(ANSWERS_WITHIN));
  const started = supervisor.starts.run(spec.instanceId, (signal) =>
    startInstance(deps, supervisor.parts, spec, signal),
  );
  if (takesLong(spec)) started.catch(supervisor.failed('an instance is not started yet'));
  else await started;
}

/** An engine that is away is found out before, since nobody hears of it afterwards. */
const ANSWERS_WITHIN = 10_000;

const takesLong = ({ command, before }: InstanceSpec): boolean =>
  'makes' in command || ('image' in command && before.length > 0);

/** Ends an instance, however far it is; its end is on record afterwards. */
async function stop(
  deps: DockerDeps,
  supervisor: ContainerSupervisor,
  id: InstanceId,
  graceSeconds: number,
): Promise<void> {
  const ending = { reason: 'stopped', detail: undefined, graceSeconds } as const;
  await deps.records.end(id, { ...ending, at: deps.clock() });
  await supervisor.starts.breakOff(id);
  await endInstance(deps, id, ending);
  await supervisor.conclude(id);
  await concludeUnstarted(deps, supervisor, id);
}

/** One that never came to a container has nothing else that could say how it ended. */
async function concludeUnstarted(
  { records, clock }: DockerDeps,
  { parts }: ContainerSupervisor,
  id: InstanceId,
): Promise<void> {
  const kept = await records.read(id);
  if (kept === undefined || kept.exit !== undefined || kept.record.containerId !== undefined)
    return;
  parts.logs.close(kept.record, []);
  const nothing = { exitCode: undefined, signal: undefined, step: '', detail: undefined };
  await records.exit(id, { ...nothing, at: clock(), reason: 'stopped' });
}

const keptOf = async ({ records }: DockerDeps, id: WorkloadId): Promise<Kept[]> =>
  (await records.list()).filter(({ record }) => record.workloadId === id);

async function remove(
  deps: DockerDeps,
  supervisor: ContainerSupervisor,
  { id, graceSeconds, signal }: { id: WorkloadId; graceSeconds: number; signal: AbortSignal },
): Promise<void> {
  const strangers = await containersOf(deps, id, signal);
  const known = (await keptOf(deps, id)).map(({ record }) => record.instanceId);
  const all = new Set([...known, ...strangers.map(instanceOf)]);
  await Promise.all(
    [...all].map(async (instanceId) => {
      await stop(deps, supervisor, instanceId, graceSeconds);
      for (const name of [containerName(instanceId), ...hooksOf(instanceId)])
        await removeContainer(deps.client, name, signal);
      await deps.records.forget(instanceId);
    }),
  );
}

const hooksOf = (id: InstanceId): string[] => hooks.map((hook) => hookName(id, hook));

async function dial(
  deps: DockerDeps,
  { id, port }: { id: InstanceId; port: number },
  signal: AbortSignal,
): Promise<Socket> {
  const found = await inspectContainer(deps.client, containerName(id), signal);
  const host = found && addressOf(found);
  if (host === undefined || host === '') throw new Error(`instance ${id} serves nothing`);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const abort = (): void => void socket.destroy(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
