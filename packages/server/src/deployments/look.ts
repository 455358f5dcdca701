import type { Builder } from '../builds/build.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Claim } from '../reconcile/reconciler.ts';
import type { QueueDeps } from '../workloads/load-queue.ts';
import type { Database } from '../store/database.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';
import type { Environments } from '../applications/environments.ts';
import type { Situation } from './plan-deployment.ts';

export type DeploymentDeps = QueueDeps & {
  database: Database;
  clock: Clock;
  log: Log;
  engines: EngineChoice;
  builder: Builder;
  environments: Environments;
  /** Writes a line to the deployment's own log. */
  say(
    deployment: Pick<Situation['deployment'], 'id' | 'applicationId'>,
    line: string,
  ): Promise<void>;
};

/** What each step of a deployment is given. */
export type Look = { claim: Claim; situation: Situation; signal: AbortSignal };
