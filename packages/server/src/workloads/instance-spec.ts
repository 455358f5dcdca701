import type { GrantedDevice } from '../devices/device.ts';
import type { ApplicationId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import type { InstanceSpec, Sandbox } from './engine.ts';
import type { Instance, Workload } from './workload.ts';

const LOG_BUDGET_MIB = 1024;

type Described = {
  workload: Workload;
  instance: Instance;
  /** The devices that it holds. */
  devices: readonly GrantedDevice[];
  application: { id: ApplicationId; sandbox: Sandbox };
  diskMiB?: number;
};

type CommonSpec = Pick<
  InstanceSpec,
  | 'instanceId'
  | 'workloadId'
  | 'ownerId'
  | 'applicationId'
  | 'number'
  | 'attempt'
  | 'limits'
  | 'devices'
  | 'sandbox'
  | 'logDirectory'
  | 'logBudgetMiB'
>;

/** What the engine is told of every instance of an application, whatever it is for. */
export const commonSpec = (
  paths: Pick<DataPaths, 'logs'>,
  { workload, instance, devices, application, diskMiB = workload.diskMiB }: Described,
): CommonSpec => ({
  instanceId: instance.id,
  workloadId: workload.id,
  ownerId: workload.ownerId,
  applicationId: application.id,
  number: instance.number,
  attempt: instance.attempt,
  limits: { cpus: workload.cpus, memoryMiB: workload.memoryMiB, diskMiB },
  devices,
  sandbox: application.sandbox,
  logDirectory: paths.logs(application.id, instance.id),
  logBudgetMiB: LOG_BUDGET_MIB,
});
