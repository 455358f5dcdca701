import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceSpec } from '../workloads/engine.ts';
import { newId } from '../lib/ids.ts';

/** An instance of a new application of a new owner that runs a script of `/bin/sh`; what is given is changed. */
export function makeSpec(
  directory: string,
  script: string,
  changes: Partial<InstanceSpec> = {},
): InstanceSpec {
  const instanceId = newId('instance');
  const source = join(directory, 'applications', instanceId);
  mkdirSync(source, { recursive: true });
  return {
    instanceId,
    workloadId: newId('workload'),
    ownerId: newId('organization'),
    applicationId: newId('application'),
    number: 0,
    attempt: 1,
    files: {
      application: { source, mountedAt: '/home/bas/app', access: 'throw-away' },
      environment: undefined,
      cache: undefined,
      readOnly: [],
    },
    workingDirectory: '/home/bas/app',
    environment: { PATH: '/usr/bin:/bin', PORT: '8080' },
    before: [],
    command: { name: 'script', argv: ['/bin/sh', '-c', script] },
    after: {},
    limits: { cpus: 1, memoryMiB: 512, diskMiB: 1024 },
    devices: [],
    port: undefined,
    logDirectory: join(directory, 'logs', instanceId),
    logBudgetMiB: 64,
    masked: [],
    ...changes,
  };
}
