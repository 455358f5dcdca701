import type { DeploymentId } from '../lib/ids.ts';
import { spellTrouble } from '../lib/spell-trouble.ts';
import { ClaimLost } from '../reconcile/looks.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { advanceDeploymentBuild, beginBuild } from './build-deployment.ts';
import { endDeployment } from './end-deployment.ts';
import { loadSituation } from './load-situation.ts';
import type { DeploymentDeps, Look } from './look.ts';
import { planDeployment } from './plan-deployment.ts';
import type { DeploymentStep } from './plan-deployment.ts';
import { endFormer, goLive, goOn, noteRunning, sayWaiting, start } from './start-deployment.ts';

/** Brings a deployment one step nearer to live, or to its end. */
export const deploymentReconciler =
  (deps: DeploymentDeps): Reconciler =>
  async (claim, signal) => {
    const situation = await loadSituation(deps, claim.id as DeploymentId);
    if (situation === undefined) return undefined;
    const look = { claim, situation, signal };
    try {
      return await take(deps, planDeployment(situation), look);
    } catch (error) {
      if (signal.aborted || error instanceof ClaimLost || claim.attempts < MOST_FAILURES)
        throw error;
      deps.log.error({ err: error, deploymentId: claim.id }, 'a deployment was given up');
      return endDeployment(deps, look, { event: 'failed', ...describeTrouble(error) });
    }
  };

/** Looks that fail in a row until the deployment does: under two minutes with their pauses. */
const MOST_FAILURES = 10;

const describeTrouble = (error: unknown) => ({
  reason: 'platform_error' as const,
  detail: `The platform could not go on (${spellTrouble(error)}). Deploy again; if that fails too, its operator finds more in the log of the platform.`,
});

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
    case 'go_on':
      return goOn(deps, look);
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
