import type { WaitReason } from '../lib/reason.ts';
import type { Row } from '../store/schema.ts';
import type { Exit } from './engine.ts';

/** What the engine is asked to keep: the instances of one build, one deployment's service, or one attempt of a run. */
export type Workload = Row<'workloads'>;

/** One of a workload's instances: a number and an attempt, never restarted, only replaced. */
export type Instance = Row<'instances'>;

/** What a workload waits for: its engine, or room; null where it does not, or nobody has said it yet. */
export const whyWaits = ({
  reason,
  detail,
  engineAway,
}: Pick<Workload, 'reason' | 'detail' | 'engineAway'>): {
  reason: WaitReason | null;
  detail: string | null;
} =>
  engineAway === null ? { reason, detail } : { reason: 'engine_unavailable', detail: engineAway };

/** Whether an instance ended well: by itself, with exit code 0. */
export const succeeded = ({ status, reason, exitCode }: Instance): boolean =>
  status === 'exited' && reason === 'exited' && exitCode === 0;

/** Why an instance is over, as users read it: `exit code 3`, `signal SIGKILL`, `memory_limit: …`. */
export function describeExit({ reason, detail, exitCode, signal }: Instance): string {
  if (detail !== null) return detail;
  const how = signal === null ? `exit code ${exitCode ?? '?'}` : `signal ${signal}`;
  return reason === 'exited' || reason === null ? how : `${reason} (${how})`;
}

/** What an end's own words leave out: which step before the command it was that failed. */
export function sentenceOf({ reason, detail, exitCode, signal, step }: Exit): string | undefined {
  if (detail !== undefined || reason !== 'before_failed' || step === '') return detail;
  return `${step} failed (${signal === undefined ? `exit code ${exitCode ?? '?'}` : `signal ${signal}`})`;
}

/** The newest attempt of each number. */
export function latestAttempts(instances: readonly Instance[]): Map<number, Instance> {
  const latest = new Map<number, Instance>();
  for (const instance of instances) {
    const known = latest.get(instance.number);
    if (known === undefined || known.attempt < instance.attempt)
      latest.set(instance.number, instance);
  }
  return latest;
}

/** Whether every number of the workload ended well, or which instance did not. */
export function outcomeOf(
  { nodes }: Pick<Workload, 'nodes'>,
  instances: readonly Instance[],
): 'running' | 'succeeded' | { failed: Instance } {
  const failed = instances.find((one) => one.status === 'exited' && !succeeded(one));
  if (failed !== undefined) return { failed };
  return instances.filter(succeeded).length === nodes ? 'succeeded' : 'running';
}
