import { watch } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Engine, InstanceSpec, Observation, WorkloadSpec } from '../engine.ts';
import type { Clock } from '../../lib/clock.ts';
import type { InstanceId, WorkloadId } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import { ask, converse } from './launcher-client.ts';
import {
  isAlive,
  listInstanceDirectories,
  readBootId,
  readSeen,
  toObservation,
} from './observation.ts';
import type { Record, Seen } from './observation.ts';
import { adoptLauncher, launcherSocket } from './start-launcher.ts';
import type { Host, LauncherOptions } from './start-launcher.ts';

/** What the supervisor needs beyond the grace to write down how it ended. */
const MARGIN = 10_000;

export type ProcessEngine = Engine & {
  readonly host: Host;
  /** Ends the launcher and the network; instances must be gone. */
  destroy(): Promise<void>;
};

/** Runs instances as sandboxed processes of this machine, each with a supervisor of its own. */
export async function createProcessEngine(
  options: LauncherOptions & { clock: Clock; log: Log },
): Promise<ProcessEngine> {
  const { directory, log, isolation, allowedNetworks } = options;
  const starting = { directory, isolation, allowedNetworks };
  const never = new AbortController().signal;
  const host = await adoptLauncher(starting, never);
  const boot = await readBootId();
  const socket = launcherSocket(directory);
  const home = (id: string): string => join(directory, 'instances', id);
  const see = (id: string): Promise<Seen | undefined> => readSeen(home(id), boot);

  /** Asks the launcher; one that died is started again first. */
  async function tell<Answer>(message: object, signal: AbortSignal): Promise<Answer> {
    try {
      return await ask<Answer>(socket, message, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn({ err: error }, 'the launcher does not answer: it is started again');
      await adoptLauncher(starting, signal);
      return ask<Answer>(socket, message, signal);
    }
  }

  async function seeAll(): Promise<Seen[]> {
    const found = await Promise.all((await listInstanceDirectories(directory)).map(see));
    return found.filter((one) => one !== undefined);
  }

  async function ensure(workload: WorkloadSpec, signal: AbortSignal): Promise<void> {
    const wanted = new Set(workload.instances.map(({ instanceId }) => instanceId));
    const running = (await seeOf(workload.workloadId)).filter(({ exit, alive }) => alive && !exit);
    for (const { record } of running.filter((one) => !wanted.has(one.record.instanceId)))
      await endSupervisor(home(record.instanceId), record, workload.graceSeconds);
    await Promise.all(workload.instances.map((spec) => start(spec, signal)));
  }

  const seeOf = async (id: WorkloadId): Promise<Seen[]> =>
    (await seeAll()).filter(({ record }) => record.workloadId === id);

  const start = (spec: InstanceSpec, signal: AbortSignal): Promise<unknown> =>
    tell({ do: 'start', spec }, signal);

  async function remove(id: WorkloadId, graceSeconds: number, signal: AbortSignal): Promise<void> {
    const all = await seeOf(id);
    await Promise.all(
      all.map(async ({ record, exit, alive }) => {
        if (alive && exit === undefined)
          await endSupervisor(home(record.instanceId), record, graceSeconds);
        await whenOver(record, graceSeconds * 1000 + MARGIN, signal);
        await rm(home(record.instanceId), { recursive: true, force: true });
        await rm(join(directory, 'changes', record.instanceId), { force: true });
      }),
    );
  }

  async function observe(id: InstanceId): Promise<Observation | undefined> {
    const seen = await see(id);
    return seen && toObservation(seen);
  }

  return {
    name: 'process',
    host,
    ensure,
    remove,
    observe,
    list: async () => (await seeAll()).flatMap((seen) => toObservation(seen) ?? []),
    watch: (changed, signal) => watchChanges(join(directory, 'changes'), changed, signal),
    async connect(id, port, signal) {
      const endpoint = (await see(id))?.record.endpoint ?? undefined;
      if (endpoint === undefined) throw new Error(`instance ${id} serves nothing`);
      const target = { host: endpoint.host, port: host.isolated ? port : endpoint.port };
      return dial(socket, target, signal);
    },
    exec: (instanceId, argv, signal) => tell({ do: 'exec', instanceId, argv }, signal),
    capacity: async () => ({
      cpus: availableParallelism(),
      memoryMiB: Math.floor((await machineMemory()) / 2 ** 20),
      isolated: host.isolated,
      warnings: host.warnings,
    }),
    async destroy() {
      await ask(socket, { do: 'quit' }, never).catch(() => undefined);
    },
  };
}

/** TERM, and KILL after the grace: the supervisor does both. */
async function endSupervisor(
  directory: string,
  record: Record,
  graceSeconds: number,
): Promise<void> {
  await writeFile(join(directory, 'stop'), String(graceSeconds)).catch(() => undefined);
  if (await isAlive(record)) signalProcess(record.pid, 'SIGTERM');
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
  for (let pause = 5; await isAlive(record); pause = Math.min(100, pause * 2)) {
    signal.throwIfAborted();
    if (deadline.aborted) signalProcess(record.pid, 'SIGKILL');
    await wait(pause);
  }
}

function watchChanges(
  directory: string,
  changed: (id: InstanceId) => void,
  signal: AbortSignal,
): void {
  watch(directory, { signal }, (_, name) => {
    if (name !== null) changed(name as InstanceId);
  });
}

/** A connection by way of the launcher, which can enter the platform's network. */
async function dial(
  path: string,
  target: { host: string; port: number },
  signal: AbortSignal,
): Promise<Duplex> {
  type Answer = { connected?: true; error?: string };
  const { answer, socket, rest } = await converse<Answer>(path, { do: 'dial', ...target }, signal);
  if (answer.connected !== true) {
    socket.destroy();
    throw new Error(answer.error ?? 'not connected');
  }
  if (rest.length > 0) socket.unshift(rest);
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
