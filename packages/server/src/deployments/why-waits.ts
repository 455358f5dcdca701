import type { Application } from '../applications/application.ts';
import { parseId } from '../lib/ids.ts';
import { Refusal } from '../lib/refusal.ts';
import { findRunById, findRunOf } from '../runs/run-store.ts';
import { listAttempts } from '../runs/attempt-store.ts';
import type { Run } from '../runs/run.ts';
import { findWorkload, presentWorkloads } from '../workloads/workload-store.ts';
import type { QueueDeps } from '../workloads/load-queue.ts';
import { helpsAgainst, presentExpectation, showWait } from '../workloads/show-queue.ts';
import type { Workload } from '../workloads/workload.ts';
import { findDeployment } from './list-deployments.ts';
import type { Reason } from '../lib/reason.ts';
import type { Reader } from '../store/database.ts';

type Subject = {
  subject: string;
  status: string;
  reason: Reason | null;
  detail: string | null;
  workload: Workload | undefined;
};

/** Why a run or a deployment of the application waits, or how it ended. Refuses what is neither. */
export async function whyWaits(
  db: Reader,
  deps: QueueDeps,
  { application, of, now }: { application: Application; of: string; now: number },
) {
  const { workload, ...said } = await findSubject(db, application, of);
  const known = {
    ...said,
    helps: helpsAgainst(said.reason),
    position: null,
    line: null,
    ...presentExpectation(undefined),
    promisedAt: workload?.promisedAt ?? null,
    admittedAt: workload?.admittedAt ?? null,
  };
  if (workload?.state !== 'waiting') return known;
  const { workload: _, partition: line, ...view } = await showWait(db, deps, { workload, now });
  return { ...known, ...view, line };
}

async function findSubject(db: Reader, application: Application, of: string): Promise<Subject> {
  const runId = parseId('run', of);
  const run = runId === undefined ? undefined : await findRunById(db, runId);
  if (run?.applicationId === application.id) return ofRun(db, run);
  const deployment = await findDeployment(db, application.id, of);
  if (deployment === undefined)
    throw new Refusal('not_found', `There is no run and no deployment ${JSON.stringify(of)}.`);
  const { id, status, reason, detail } = deployment;
  const ran = await findRunOf(db, id);
  const workload = (await presentWorkloads(db, application.id)).find(
    ({ subjectId, state: now }) => subjectId === (ran?.id ?? id) && now === 'waiting',
  );
  return { subject: id, status, reason, detail, workload };
}

async function ofRun(db: Reader, run: Run): Promise<Subject> {
  const attempt = (await listAttempts(db, run.id)).at(-1);
  const workload = attempt && (await findWorkload(db, attempt.workloadId));
  const { id, status, reason, detail } = run;
  return { subject: id, status, reason, detail, workload };
}
