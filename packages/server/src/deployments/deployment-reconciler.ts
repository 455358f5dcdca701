import type { DeploymentId } from '../lib/ids.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { advanceDeploymentBuild, beginBuild } from './build-deployment.ts';
import { endDeployment } from './end-deployment.ts';
import { loadSituation } from './load-situation.ts';
import type { DeploymentDeps, Look } from './look.ts';
import { planDeployment } from './plan-deployment.ts';
import type { DeploymentStep } from './plan-deployment.ts';
import { endFormer, goLive, noteRunning, sayWaiting, start } from './start-deployment.ts';

/** Brings a deployment one step nearer to live, or to its end. */
export const deploymentReconciler =
  (deps: DeploymentDeps): Reconciler =>
  async (claim, signal) => {
    const situation = await loadSituation(deps, claim.id as DeploymentId);
    if (situation === undefined) return undefined;
    const step = planDeployment(situation);
    return take(deps, step, { claim, situation, signal });
  };

/** Takes a step; the look after it follows by what it requested. */
function take(
  deps: DeploymentDeps,
  step: DeploymentStep,
  look: Look,
): Promise<number | undefined> | undefined {
  switch (step.do) {
    case 'nothing':
      return undefined;
    case 'start_build':
      return beginBuild(deps, look);
    case 'build':
      return advanceDeploymentBuild(deps, look);
    case 'start':
      return start(deps, look);
    case 'end_former':
      return endFormer(deps, look, step.reason);
    case 'say_waiting':
      return sayWaiting(deps, look, step);
    case 'go_live':
      return goLive(deps, look);
    case 'note_running':
      return noteRunning(deps, look);
    case 'end_run':
      return endDeployment(deps, look, { event: 'run_ended', outcome: step.outcome });
    case 'fail':
      return endDeployment(deps, look, { event: 'failed', ...step });
    case 'cancel':
      return endDeployment(deps, look, { event: 'cancelled' });
    default:
      return step satisfies never;
  }
}
