import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint, Exit, Observation } from '../../workloads/engine.ts';
import type { InstanceId, WorkloadId } from '../../lib/ids.ts';

/** What a supervisor writes of its instance (`instance.json`). */
export type Record = {
  instanceId: InstanceId;
  workloadId: WorkloadId;
  startedAt: number;
  /** The supervisor: with its start and the boot it names a process for ever. */
  pid: number;
  processStarted: number;
  boot: string;
  logDirectory: string;
  endpoint: Endpoint | null;
  /** False until its sandbox runs: where it is reached is not known before. */
  ready: boolean;
  /** Its control groups. */
  groups?: readonly string[];
  /** A process that is in its own network; missing where an older supervisor looks after it. */
  inNetwork?: number | null;
};

export type Seen = {
  record: Record;
  /** When the record was touched last. */
  heartbeatAt: number;
  exit: Exit | undefined;
  /** Whether the supervisor still lives. */
  alive: boolean;
};

/** How an instance stands: what its supervisor recorded, or that it was lost; undefined while it is made. */
export function toObservation({ record, heartbeatAt, exit, alive }: Seen): Observation | undefined {
  const { instanceId, workloadId, startedAt } = record;
  if (exit !== undefined)
    return { instanceId, workloadId, state: { status: 'exited', startedAt, exit } };
  if (alive && !record.ready) return undefined;
  if (alive) {
    const endpoint = record.endpoint ?? undefined;
    return {
      instanceId,
      workloadId,
      state: { status: 'running', startedAt, heartbeatAt, endpoint },
    };
  }
  const lost: Exit = {
    at: Math.max(startedAt, heartbeatAt),
    exitCode: undefined,
    signal: undefined,
    reason: 'supervisor_lost',
    step: '',
    detail:
      'supervisor_lost: whoever looked after the instance was killed, and the instance with it.',
  };
  return { instanceId, workloadId, state: { status: 'exited', startedAt, exit: lost } };
}

/**
 * Everything on disk about one instance, or undefined where there is nothing. Small files that were just
 * written: to read them at once costs a tenth of what it costs to have each read by a thread.
 */
export function readSeen(directory: string, boot: string): Seen | undefined {
  const path = join(directory, 'instance.json');
  const record = readJson(path) as Record | undefined;
  if (record === undefined) return undefined;
  const touched = statSync(path, { throwIfNoEntry: false });
  const alive = record.boot === boot && isAlive(record);
  // Read after the look at the process: one that ends in between has written its exit.
  const exit = readJson(join(directory, 'exit.json')) as RecordedExit | undefined;
  return {
    record,
    heartbeatAt: Math.round(touched?.mtimeMs ?? record.startedAt),
    exit: exit === undefined ? undefined : fromJson(exit),
    alive,
  };
}

type RecordedExit = { [K in keyof Exit]: Exit[K] | null };

const fromJson = (exit: RecordedExit): Exit =>
  ({
    ...exit,
    exitCode: exit.exitCode ?? undefined,
    signal: exit.signal ?? undefined,
    detail: exit.detail ?? undefined,
  }) as Exit;

/** Field 22 of /proc/<pid>/stat is the start in clock ticks since boot (proc(5)). */
export function isAlive({ pid, processStarted }: Pick<Record, 'pid' | 'processStarted'>): boolean {
  const text = readText(`/proc/${pid}/stat`) ?? '';
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[19]) === processStarted && fields[0] !== 'Z';
}

export function listInstanceDirectories(directory: string): string[] {
  try {
    return readdirSync(join(directory, 'instances'));
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

export const readBootId = (): string =>
  readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

function readJson(path: string): unknown {
  const text = readText(path);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Undefined where there is no such file, or its process went while it was read. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
