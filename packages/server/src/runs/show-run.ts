import { subjectUsage } from '../billing/account-usage.ts';
import { readDeviceUsage } from '../metrics/read-device-metrics.ts';
import { leasesOf } from '../devices/lease-store.ts';
import { workloadInstances } from '../workloads/instance-store.ts';
import type { Instance } from '../workloads/workload.ts';
import type { Reader } from '../store/database.ts';
import { listAttempts } from './attempt-store.ts';
import type { Attempt, Run } from './run.ts';

/** A run as its users read it. */
export const presentRun = (run: Run) => ({
  id: run.id,
  applicationId: run.applicationId,
  deploymentId: run.deploymentId,
  origin: run.origin,
  rerunOf: run.rerunOf,
  authorId: run.authorId,
  commitId: run.commitId,
  artifactId: run.artifactId,
  command: run.command,
  environmentHash: run.environmentHash,
  changed: [...(run.changed ?? [])],
  flavor: run.flavor,
  nodes: run.nodes,
  priority: run.priority,
  maxDurationSeconds: run.maxDuration === null ? null : Math.round(run.maxDuration / 1000),
  retries: run.retries,
  status: run.status,
  reason: run.reason,
  detail: run.detail,
  exitCode: run.exitCode,
  createdAt: run.createdAt,
  startedAt: run.startedAt,
  finishedAt: run.finishedAt,
});

/** The run with its attempts, their nodes and devices, how those were used, and what it cost until now. */
export async function showRun(db: Reader, run: Run, now: number) {
  const attempts = await Promise.all(
    (await listAttempts(db, run.id)).map(async (attempt) => ({
      attempt,
      instances: await workloadInstances(db, attempt.workloadId),
    })),
  );
  const instances = attempts.flatMap((one) => one.instances);
  return {
    ...presentRun(run),
    attempts: await Promise.all(attempts.map((one) => showAttempt(db, one))),
    usage: await readDeviceUsage(db, instances, now),
    ...(await subjectUsage(db, run.ownerId, {
      of: { subjectKind: 'run', subjectId: run.id },
      from: run.createdAt,
      to: now,
    })),
  };
}

async function showAttempt(
  db: Reader,
  { attempt, instances }: { attempt: Attempt; instances: readonly Instance[] },
) {
  const { workloadId, number, status, reason, detail, exitCode, ...times } = attempt;
  const leases = await leasesOf(db, workloadId);
  const nodes = instances.map((instance) => ({
    instanceId: instance.id,
    number: instance.number,
    status: instance.status,
    exitCode: instance.exitCode,
    reason: instance.reason,
    devices: leases
      .filter(({ number }) => number === instance.number)
      .map(({ deviceUuid }) => deviceUuid),
  }));
  const { createdAt, startedAt, finishedAt } = times;
  const facts = { number, status, reason, detail, exitCode };
  return { ...facts, createdAt, startedAt, finishedAt, nodes };
}
