import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type {
  CommandEnd,
  Engine,
  Entrance,
  InstanceSpec,
  Meter,
  NodeAddresses,
  NodeNetwork,
  Numbered,
  NumberKeeper,
  WorkloadSpec,
} from '../../workloads/engine.ts';
import type { InstanceId, WorkloadId } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import { removeTree } from '../../lib/remove-tree.ts';
import { openEntered } from './entered.ts';
import { createInstanceIndex } from './instance-index.ts';
import type { InstanceIndex } from './instance-index.ts';
import { ask, converse } from './launcher-client.ts';
import type { Conversation } from './launcher-client.ts';
import { createMeasuring } from './measure-instances.ts';
import { isAlive, readBootId, toObservation } from './observation.ts';
import type { Record } from './observation.ts';
import { removeGroups } from './remove-groups.ts';
import { adoptLauncher, launcherSocket } from './start-launcher.ts';
import type { Host, LauncherOptions } from './start-launcher.ts';
import { watchChanges } from './watch-changes.ts';

/** What the supervisor needs beyond the grace to write down how it ended. */
const MARGIN = 10_000;

export type ProcessEngine = Engine &
  Entrance &
  Meter &
  NodeNetwork &
  NumberKeeper & {
    readonly host: Host;
    /** Ends the launcher and the network; instances must be gone. */
    destroy(): Promise<void>;
  };

/** Runs instances as sandboxed processes of this machine, each with a supervisor of its own. */
export async function createProcessEngine(
  options: LauncherOptions & { log: Log },
): Promise<ProcessEngine> {
  const { log, ...starting } = options;
  const { directory } = starting;
  const host = await adoptLauncher(starting);
  await removeTree(removedIn(directory));
  const boot = readBootId();
  const instances = createInstanceIndex(directory, boot);
  const deps: Deps = { starting, directory, log, instances };
  return {
    name: 'process',
    host,
    ensure: (workload, signal) => ensure(deps, workload, signal),
    remove: (id, graceSeconds, signal) => remove(deps, { id, graceSeconds, signal }),
    async observe(id) {
      const seen = instances.see(id);
      return seen && toObservation(seen);
    },
    list: async () => (await instances.seeAll()).flatMap((seen) => toObservation(seen) ?? []),
    watch: (changed, signal) =>
      watchChanges(join(directory, 'changes'), (id) => changed(id as InstanceId), signal),
    async connect(id, port, signal) {
      const endpoint = instances.see(id)?.record.endpoint ?? undefined;
      if (endpoint === undefined) throw new Error(`instance ${id} serves nothing`);
      const target = { host: endpoint.host, port: host.isolated ? port : endpoint.port };
      return dial(launcherSocket(directory), target, signal);
    },
    async exec(instanceId, argv, signal) {
      const { answer, socket } = await requireAnswer(
        deps,
        { do: 'exec', instanceId, argv },
        signal,
      );
      socket.destroy();
      return answer as CommandEnd;
    },
    async enter(instanceId, { argv, terminal = null }, signal) {
      const { socket } = await requireAnswer(
        deps,
        { do: 'enter', instanceId, argv, terminal },
        signal,
      );
      return openEntered(socket, signal);
    },
    measure: createMeasuring(directory, boot),
    ...numbersOf(deps),
    capacity: async () => ({
      cpus: availableParallelism(),
      memoryMiB: Math.floor((await machineMemory()) / 2 ** 20),
      isolated: host.isolated,
      warnings: host.warnings,
    }),
    async destroy() {
      const socket = launcherSocket(directory);
      await ask(socket, { do: 'quit' }, new AbortController().signal).catch(() => undefined);
    },
  };
}

/** What the launcher keeps for names: networks of owners, users of applications. */
const numbersOf = (deps: Deps): NodeNetwork & NumberKeeper => {
  const tell = async (message: object, signal: AbortSignal): Promise<unknown> => {
    const { answer, socket } = await requireAnswer(deps, message, signal);
    socket.destroy();
    return answer;
  };
  return {
    nodeAddresses: (ownerId, signal) =>
      tell({ do: 'addresses', ownerId }, signal) as Promise<NodeAddresses>,
    numbered: (signal) => tell({ do: 'numbered' }, signal) as Promise<Numbered>,
    async giveBack(gone, places, signal) {
      await tell({ do: 'give-back', gone, places }, signal);
    },
  };
};

/** What the engine's verbs share. */
type Deps = {
  starting: LauncherOptions;
  directory: string;
  log: Log;
  instances: InstanceIndex;
};

const home = ({ directory }: Deps, id: string): string => join(directory, 'instances', id);

/** Asks the launcher; one that died is started again first. Rejects with the error that it answers. */
async function requireAnswer(
  deps: Deps,
  message: object,
  signal: AbortSignal,
): Promise<Conversation> {
  const conversation = await reach(deps, message, signal);
  const { error } = conversation.answer as { error?: string };
  if (error === undefined) return conversation;
  conversation.socket.destroy();
  throw new Error(error);
}

async function reach(deps: Deps, message: object, signal: AbortSignal): Promise<Conversation> {
  const socket = launcherSocket(deps.directory);
  try {
    return await converse(socket, message, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    deps.log.warn({ err: error }, 'the launcher does not answer: it is started again');
    await adoptLauncher(deps.starting);
    return converse(socket, message, signal);
  }
}

async function ensure(deps: Deps, workload: WorkloadSpec, signal: AbortSignal): Promise<void> {
  const wanted = new Set(workload.instances.map(({ instanceId }) => instanceId));
  const unwanted = deps.instances
    .seeOf(workload.workloadId)
    .filter(
      ({ record, exit, alive }) => alive && exit === undefined && !wanted.has(record.instanceId),
    );
  for (const { record } of unwanted)
    await endSupervisor(home(deps, record.instanceId), record, workload.graceSeconds);
  await Promise.all(workload.instances.map((spec) => start(deps, spec, signal)));
}

async function start(deps: Deps, spec: InstanceSpec, signal: AbortSignal): Promise<void> {
  const { socket } = await requireAnswer(deps, { do: 'start', spec }, signal);
  socket.destroy();
}

async function remove(
  deps: Deps,
  { id, graceSeconds, signal }: { id: WorkloadId; graceSeconds: number; signal: AbortSignal },
): Promise<void> {
  const all = deps.instances.seeOf(id);
  await Promise.all(
    all.map(async ({ record, exit, alive }) => {
      const directory = home(deps, record.instanceId);
      if (alive && exit === undefined) await endSupervisor(directory, record, graceSeconds);
      await whenOver(record, graceSeconds * 1000 + MARGIN, signal);
      await removeGroups(record.groups ?? [], MARGIN, signal);
      await rm(join(deps.directory, 'changes', record.instanceId), { force: true });
      await forget(deps.directory, record.instanceId);
    }),
  );
}

/** What is being removed; whoever starts next after a crash goes on with it. */
const removedIn = (directory: string): string => join(directory, 'removed');

/** All of an instance's folder is known, or none: without its record nobody would remove the rest. */
async function forget(directory: string, id: InstanceId): Promise<void> {
  const leaving = join(removedIn(directory), id);
  await mkdir(removedIn(directory), { recursive: true, mode: 0o700 });
  await rename(join(directory, 'instances', id), leaving).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await removeTree(leaving);
}

/** TERM, and KILL after the grace: the supervisor does both. */
async function endSupervisor(
  directory: string,
  record: Record,
  graceSeconds: number,
): Promise<void> {
  await writeFile(join(directory, 'stop'), String(graceSeconds)).catch(() => undefined);
  if (isAlive(record)) signalProcess(record.pid, 'SIGTERM');
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Resolves when the supervisor is gone; one that outstays its time is killed, and its sandbox with it. */
async function whenOver(record: Record, atMost: number, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(atMost);
  for (let pause = 5; isAlive(record); pause = Math.min(100, pause * 2)) {
    signal.throwIfAborted();
    if (deadline.aborted) signalProcess(record.pid, 'SIGKILL');
    await wait(pause);
  }
}

/** A connection by way of the launcher, which can enter the platform's network. */
async function dial(
  path: string,
  target: { host: string; port: number },
  signal: AbortSignal,
): Promise<Duplex> {
  const { answer, socket } = await converse(path, { do: 'dial', ...target }, signal);
  const { connected, error } = answer as { connected?: true; error?: string };
  if (connected !== true) {
    socket.destroy();
    throw new Error(error ?? 'not connected');
  }
  return socket;
}

/** The machine's memory, or what our control group leaves of it. */
async function machineMemory(): Promise<number> {
  const limits = await Promise.all(
    ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map((path) =>
      readFile(path, 'utf8').then(Number, () => Number.NaN),
    ),
  );
  return Math.min(totalmem(), ...limits.filter((limit) => Number.isFinite(limit)));
}
