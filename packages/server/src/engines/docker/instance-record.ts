import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exit, ExitReason, InstanceSpec } from '../../workloads/engine.ts';
import type { ApplicationId, InstanceId, OwnerId, WorkloadId } from '../../lib/ids.ts';
import { removeTree } from '../../lib/remove-tree.ts';

/** What we keep of an instance beside its container; the rest the engine knows. */
export type InstanceRecord = {
  instanceId: InstanceId;
  workloadId: WorkloadId;
  ownerId: OwnerId;
  applicationId: ApplicationId;
  work: 'programs' | 'container' | 'image';
  /** The machine's boot that it was started in. */
  boot: string;
  createdAt: number;
  /** Once there is a container: where it is missing from then on, it was lost. */
  containerId: string | undefined;
  /** That it serves, or undefined. */
  port: number | undefined;
  log: { directory: string; budgetMiB: number; masked: readonly string[] };
  memoryMiB: number;
  diskMiB: number;
  /** Folders of this machine that it may fill. */
  writable: readonly string[];
};

/** Why the engine is asked to end it; the first reason stands. */
export type Ending = {
  reason: ExitReason;
  detail: string | undefined;
  at: number;
  graceSeconds: number;
};

export type Kept = { record: InstanceRecord; ending: Ending | undefined; exit: Exit | undefined };

/** The instances of this engine, a folder each. */
export const createInstanceRecords = (directory: string) => {
  const folder = (id: InstanceId): string => join(directory, id);
  const file = (id: InstanceId, name: string): string => join(directory, id, name);
  const read = async (id: InstanceId): Promise<Kept | undefined> => {
    const record = await readJson<InstanceRecord>(file(id, 'record.json'));
    if (record === undefined) return undefined;
    const [ending, exit] = await Promise.all([
      readJson<Ending>(file(id, 'ending.json')),
      readJson<Exit>(file(id, 'exit.json')),
    ]);
    return { record, ending, exit };
  };
  return {
    read,
    async list(): Promise<Kept[]> {
      const ids = await readdir(directory).catch(() => []);
      const found = await Promise.all(ids.map((id) => read(id as InstanceId)));
      return found.filter((one) => one !== undefined);
    },
    async write(record: InstanceRecord): Promise<void> {
      await mkdir(folder(record.instanceId), { recursive: true, mode: 0o700 });
      await replaceJson(file(record.instanceId, 'record.json'), record);
    },
    /** Says why it is ended, unless that was said. */
    async end(id: InstanceId, ending: Ending): Promise<void> {
      const made = file(id, `ending.${randomUUID()}`);
      try {
        await writeFile(made, JSON.stringify(ending), { mode: 0o600 });
        await link(made, file(id, 'ending.json'));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
      } finally {
        await rm(made, { force: true });
      }
    },
    exit: (id: InstanceId, exit: Exit): Promise<void> => replaceJson(file(id, 'exit.json'), exit),
    forget: (id: InstanceId): Promise<void> => removeTree(folder(id)),
    positionFile: (id: InstanceId): string => file(id, 'log-position.json'),
  };
};

export type InstanceRecords = ReturnType<typeof createInstanceRecords>;

export function newRecord(
  spec: InstanceSpec,
  { work, boot, at }: Pick<InstanceRecord, 'work' | 'boot'> & { at: number },
): InstanceRecord {
  const { application, environment, cache, shared } = spec.files;
  const written = [
    application.access === 'writable' ? application.source : undefined,
    environment?.access === 'writable' ? environment.source : undefined,
    cache?.source,
    shared?.source,
  ];
  return {
    instanceId: spec.instanceId,
    workloadId: spec.workloadId,
    ownerId: spec.ownerId,
    applicationId: spec.applicationId,
    work,
    boot,
    createdAt: at,
    containerId: undefined,
    port: spec.port,
    log: { directory: spec.logDirectory, budgetMiB: spec.logBudgetMiB, masked: spec.masked },
    memoryMiB: spec.limits.memoryMiB,
    diskMiB: spec.limits.diskMiB,
    writable: written.filter((path) => path !== undefined),
  };
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** On disk, whole, when the promise resolves. */
async function replaceJson(path: string, value: object): Promise<void> {
  const made = await open(`${path}.new`, 'w', 0o600);
  await made.writeFile(JSON.stringify(value));
  await made.sync();
  await made.close();
  await rename(`${path}.new`, path);
}
