import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { InstanceSpec } from '../workloads/engine.ts';
import { createProcessEngine } from '../engines/process/process-engine.ts';
import type { ProcessEngine } from '../engines/process/process-engine.ts';
import { makeSpec } from './instance.ts';
import { silentLog } from './log.ts';
import { need } from './need.ts';

export type ProcessSubject = {
  engine: ProcessEngine;
  directory: string;
  /** An instance that runs a script of `/bin/sh`, with the probes in its working directory. */
  spec(script: string, changes?: Partial<InstanceSpec>): InstanceSpec;
};

type Opening = {
  isolation?: 'auto' | 'none';
  /** Done in its directory before the engine is opened. */
  prepare?(directory: string): Promise<void>;
};

/** A process engine of the test's own; undefined where the machine cannot keep instances apart. */
export async function openProcessEngine(
  t: TestContext,
  { isolation = 'auto', prepare }: Opening = {},
): Promise<ProcessSubject | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'grid-sandbox-'));
  await prepare?.(directory);
  const options = { directory, isolation, allowedNetworks: [], log: silentLog } as const;
  const engine = await createProcessEngine(options);
  t.after(async () => {
    const found = await engine.list(AbortSignal.timeout(30_000));
    for (const id of new Set(found.map(({ workloadId }) => workloadId)))
      await engine.remove(id, 0, AbortSignal.timeout(30_000));
    await engine.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  if (isolation === 'auto' && !need(t, engine.host.isolated, 'isolation (grid doctor)'))
    return undefined;
  return {
    engine,
    directory,
    spec(script, changes = {}) {
      const made = makeSpec(directory, script, changes);
      cpSync(join(import.meta.dirname, 'probes'), made.files.application.source, {
        recursive: true,
      });
      return made;
    },
  };
}

const table = join(
  import.meta.dirname,
  '..',
  'engines',
  'process',
  'supervisor',
  'system-calls.txt',
);

export type SystemCall = { name: string; number: number; answer: string };

/** The table of system calls, as far as this machine has them. */
export function readSystemCalls(): SystemCall[] {
  const column = process.arch === 'arm64' ? 2 : 1;
  return readFileSync(table, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))
    .filter((words) => words[column] !== '-')
    .map((words) => ({
      name: words[0] ?? '',
      number: Number(words[column]),
      answer: words[3] ?? '',
    }));
}
