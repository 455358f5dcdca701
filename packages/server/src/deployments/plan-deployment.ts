import { findVariant } from '../applications/application.ts';
import { isOver } from '../runs/run.ts';
import type { Run, RunOutcome } from '../runs/run.ts';
import { isEndReason, isWaitReason } from '../lib/reason.ts';
import type { EndReason, WaitReason } from '../lib/reason.ts';
import { describeExit, latestAttempts, whyWaits } from '../workloads/workload.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import type { Deployment } from './deployment.ts';
import type { Application } from '../applications/application.ts';

/** All that decides what a deployment does next. */
export type Situation = {
  deployment: Deployment;
  application: Application;
  /** The deployment of the application that must end, or be live, first. */
  predecessor: Pick<Deployment, 'number'> | undefined;
  /** What builds it, while that is there. */
  build: Workload | undefined;
  /** What it keeps running, once it is built. */
  workload: Workload | undefined;
  instances: readonly Instance[];
  run: Run | undefined;
  /** Workloads of the application's former deployments that still serve, or compute. */
  former: readonly Workload[];
  /** Whether the new version would fit if the former ones were gone. */
  fitsWithoutFormer: boolean;
};

export type DeploymentStep =
  | { do: 'nothing' }
  | { do: 'start_build' }
  | { do: 'build' }
  | { do: 'start' }
  /** Old before new: downtime, because the user chose it or there is no room for both. */
  | { do: 'end_former'; reason: 'by_option' | 'no_room_for_both' }
  | { do: 'say_waiting'; reason: WaitReason; detail: string }
  /** It no longer waits. */
  | { do: 'go_on' }
  | { do: 'go_live' }
  | { do: 'note_running' }
  | { do: 'end_run'; outcome: RunOutcome }
  | { do: 'fail'; reason: EndReason; detail: string }
  | { do: 'cancel' };

/** The next step of a deployment. Strictly serial per application: one is built or started at a time. */
export function planDeployment(situation: Situation): DeploymentStep {
  const { deployment } = situation;
  switch (deployment.status) {
    case 'queued':
      if (deployment.wanted === 'cancel') return { do: 'cancel' };
      return planTurn(situation);
    case 'building':
      return deployment.wanted === 'cancel' ? { do: 'cancel' } : planBuilding(situation);
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

function planTurn({ deployment, predecessor }: Situation): DeploymentStep {
  if (predecessor === undefined) return { do: 'start_build' };
  const detail = `Waits for deployment #${predecessor.number}: deployments of an application are brought live one after the other.`;
  return sayOnce(deployment, { reason: 'behind_deployment', detail });
}

function planBuilding({ deployment, build }: Situation): DeploymentStep {
  if (build !== undefined && waits(build)) return planWait(deployment, build);
  return deployment.reason === null ? { do: 'build' } : { do: 'go_on' };
}

function planStart(situation: Situation): DeploymentStep {
  const { deployment, workload, application, former, run } = situation;
  if (run !== undefined) return planRun(deployment, run);
  if (workload === undefined) {
    if (former.length === 0 || goesBeside(application)) return { do: 'start' };
    return application.kind === 'runner'
      ? sayOnce(deployment, BEHIND_RUN)
      : { do: 'end_former', reason: 'by_option' };
  }
  if (waits(workload)) return planRoom(situation, workload);
  if (isWaitReason(deployment.reason)) return { do: 'go_on' };
  return planWebapp(situation, workload);
}

/** Whether it may start while the former version still runs: versions serve side by side, runs never overlap. */
export const goesBeside = ({ kind, zeroDowntime }: Application): boolean =>
  kind === 'webapp' && zeroDowntime;

const BEHIND_RUN = {
  reason: 'behind_run',
  detail: 'Waits for the run before it to end: runs of an application never overlap.',
} as const;

/** For capacity, or for an engine that is away. */
const waits = ({ state, engineAway }: Workload): boolean =>
  state === 'waiting' || engineAway !== null;

function planRoom(
  { deployment, former, fitsWithoutFormer }: Situation,
  workload: Workload,
): DeploymentStep {
  if (whyWaits(workload).reason !== null && former.length > 0 && fitsWithoutFormer)
    return { do: 'end_former', reason: 'no_room_for_both' };
  return planWait(deployment, workload);
}

function planWait(deployment: Deployment, workload: Workload): DeploymentStep {
  const { reason, detail } = whyWaits(workload);
  if (reason === null || detail === null) return { do: 'nothing' };
  if (reason === 'never_fits') return { do: 'fail', reason, detail };
  return sayOnce(deployment, { reason, detail });
}

const sayOnce = (
  deployment: Deployment,
  why: { reason: WaitReason; detail: string },
): DeploymentStep =>
  deployment.detail === why.detail ? { do: 'nothing' } : { do: 'say_waiting', ...why };

function planWebapp({ instances, application }: Situation, workload: Workload): DeploymentStep {
  const latest = [...latestAttempts(instances).values()];
  const failed = latest.find(({ status }) => status === 'exited' || status === 'unhealthy');
  if (failed !== undefined) return { do: 'fail', ...describeFailure(failed, application) };
  const healthy = latest.filter(({ status }) => status === 'healthy').length;
  return healthy === workload.nodes ? { do: 'go_live' } : { do: 'nothing' };
}

function describeFailure(
  failed: Instance,
  { variant }: Pick<Application, 'variant'>,
): { reason: EndReason; detail: string } {
  const { number, status, reason, detail } = failed;
  if (status === 'unhealthy')
    return { reason: 'unhealthy', detail: detail ?? 'The health check failed.' };
  const how = `Instance ${number} ended before it served: ${describeExit(failed)}`;
  if (reason !== null && reason !== 'exited') return { reason, detail: how };
  const port = findVariant(variant)?.servesOn ?? 'port 8080';
  const advice = `A Webapp keeps running and serves HTTP on ${port}.`;
  return { reason: 'crashed', detail: `${how}. ${advice}` };
}

/** What the run decides: its attempts are its own. */
function planRun(deployment: Deployment, run: Run): DeploymentStep {
  if (isOver(run.status)) return { do: 'end_run', outcome: outcomeOf(run) };
  if (run.status === 'running' && deployment.status === 'starting') return { do: 'note_running' };
  const { reason, detail } = run;
  if (isWaitReason(reason) && detail !== null) return sayOnce(deployment, { reason, detail });
  return isWaitReason(deployment.reason) ? { do: 'go_on' } : { do: 'nothing' };
}

function outcomeOf({ status, reason, detail, exitCode }: Run): RunOutcome {
  if (status === 'succeeded') return { status, exitCode: 0 };
  if (status === 'cancelled') return { status };
  return {
    status: 'failed',
    reason: isEndReason(reason) ? reason : 'exited',
    detail: detail ?? '',
    exitCode,
  };
}
