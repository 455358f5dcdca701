import { deploymentMachine } from '../deployments/deployment.ts';
import { deviceMachine } from '../devices/known-device.ts';
import { leaseMachine } from '../devices/lease.ts';
import { attemptMachine, runMachine } from '../runs/run.ts';
import { instanceMachine, workloadMachine } from '../workloads/machines.ts';
import type { Machine } from '../states/machine.ts';

/** Everything that has states, in the order that a push comes to it. */
export const machines: readonly Machine[] = [
  deploymentMachine,
  runMachine,
  attemptMachine,
  workloadMachine,
  instanceMachine,
  leaseMachine,
  deviceMachine,
];
