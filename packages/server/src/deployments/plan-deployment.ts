import { concludeAttempt } from '../runs/conclude-run.ts';
import type { Run, RunOutcome } from '../runs/run.ts';
import { describeExit, latestAttempts } from '../workloads/workload.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import type { Deployment } from './deployment.ts';
import type { Deployable } from './deployable-store.ts';

/** All that decides what a deployment does next. */
export type Situation = {
  deployment: Deployment;
  application: Deployable;
  /** Another deployment of the application must end, or start, first. */
  predecessor: boolean;
  /** What it keeps running, once it is built. */
  workload: Workload | undefined;
  instances: readonly Instance[];
  run: Run | undefined;
  /** Workloads of the application's former deployments that still serve. */
  former: readonly Workload[];
  /** Whether it would have room if the former ones were gone. */
  fitsWithoutFormer: boolean;
};

export type DeploymentStep =
  | { do: 'nothing' }
  | { do: 'start_build' }
  | { do: 'build' }
  | { do: 'start' }
  /** Old before new: downtime, because the user chose it or there is no room for both. */
  | { do: 'end_former'; reason: 'by_option' | 'no_room_for_both' }
  | { do: 'say_waiting'; reason: string; detail: string }
  | { do: 'go_live' }
  | { do: 'note_running' }
  | { do: 'end_run'; outcome: RunOutcome }
  | { do: 'fail'; reason: string; detail: string }
  | { do: 'cancel' };

/** The next step of a deployment. Strictly serial per application: one is built or started at a time. */
export function planDeployment(situation: Situation): DeploymentStep {
  const { deployment } = situation;
  switch (deployment.status) {
    case 'queued':
      if (deployment.wanted === 'cancel') return { do: 'cancel' };
      return situation.predecessor ? { do: 'nothing' } : { do: 'start_build' };
    case 'building':
      return deployment.wanted === 'cancel' ? { do: 'cancel' } : { do: 'build' };
    case 'starting':
    case 'running':
      return deployment.wanted === 'cancel' ? { do: 'cancel' } : planStart(situation);
    case 'live':
    case 'completed':
    case 'superseded':
    case 'failed':
    case 'cancelled':
      return { do: 'nothing' };
    default:
      return deployment.status satisfies never;
  }
}

function planStart(situation: Situation): DeploymentStep {
  const { workload, application, former } = situation;
  if (workload === undefined)
    return former.length > 0 && !application.zeroDowntime
      ? { do: 'end_former', reason: 'by_option' }
      : { do: 'start' };
  if (workload.state === 'waiting') return planWait(situation, workload);
  return application.kind === 'webapp'
    ? planWebapp(workload, situation.instances)
    : planRun(situation, workload);
}

function planWait(
  { deployment, former, fitsWithoutFormer }: Situation,
  workload: Workload,
): DeploymentStep {
  if (workload.reason === null || workload.detail === null) return { do: 'nothing' };
  if (workload.reason === 'no_memory' && former.length > 0 && fitsWithoutFormer)
    return { do: 'end_former', reason: 'no_room_for_both' };
  if (deployment.detail === workload.detail) return { do: 'nothing' };
  return { do: 'say_waiting', reason: workload.reason, detail: workload.detail };
}

function planWebapp(workload: Workload, instances: readonly Instance[]): DeploymentStep {
  const latest = [...latestAttempts(instances).values()];
  const failed = latest.find(({ status, reason }) => status === 'exited' || reason === 'unhealthy');
  if (failed !== undefined)
    return failed.reason === 'unhealthy'
      ? { do: 'fail', reason: 'unhealthy', detail: failed.detail ?? 'The health check failed.' }
      : { do: 'fail', reason: 'crashed', detail: crashed(failed) };
  const healthy = latest.filter(({ status }) => status === 'healthy').length;
  return healthy === workload.nodes ? { do: 'go_live' } : { do: 'nothing' };
}

const crashed = (instance: Instance): string =>
  `Instance ${instance.number} ended before it served: ${describeExit(instance)}. A Webapp keeps running and serves HTTP on port 8080.`;

function planRun({ deployment, run, instances }: Situation, workload: Workload): DeploymentStep {
  const outcome = concludeAttempt(workload, instances);
  if (outcome !== undefined) return { do: 'end_run', outcome };
  const computing = instances.filter(({ status }) => status === 'healthy').length;
  const started = run !== undefined && computing === workload.nodes;
  return started && deployment.status === 'starting' ? { do: 'note_running' } : { do: 'nothing' };
}
