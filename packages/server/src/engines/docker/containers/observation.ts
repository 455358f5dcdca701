import { constants } from 'node:os';
import type { Exit, Observation } from '../../../workloads/engine.ts';
import type { Inspected } from './containers.ts';
import type { Ending, Kept, InstanceRecord } from '../instance-record.ts';
import type { StepsTold } from './run-steps.ts';

/** Docker gives the end by a signal as 128 and the signal's number, as shells do. */
const BY_SIGNAL = 128;

/** All that says how an instance ended. */
export type End = {
  record: InstanceRecord;
  ending: Ending | undefined;
  state: Inspected['State'];
  steps: StepsTold | undefined;
  /** The machine's boot now. */
  boot: string;
  /** When the engine was last lost sight of, while we looked. */
  lostAt: number | undefined;
};

/** How an instance ended: what it was ended for, what took it, or what it did itself. */
export function concludeExit(end: End): Exit {
  const { record, state, steps, boot, lostAt } = end;
  const { ExitCode: code, OOMKilled: outOfMemory } = state;
  const at = timeOf(state.FinishedAt) ?? record.createdAt;
  const asked = askedFor(end.ending, state);
  const how = { at, step: steps?.step ?? '', ...endOf(steps?.code ?? code) };
  const because = (reason: Exit['reason'], detail?: string): Exit => ({ ...how, reason, detail });
  if (asked !== undefined) return because(asked.reason, asked.detail);
  if (outOfMemory && code !== 0) return because('memory_limit', memorySentence(record));
  if (record.boot !== boot) return because('supervisor_lost', REBOOTED);
  if (lostAt !== undefined && at >= lostAt && code >= BY_SIGNAL)
    return because('supervisor_lost', ENGINE_LOST);
  if (steps?.failedBefore === true) return because('before_failed');
  return because('exited');
}

export const memorySentence = ({ memoryMiB }: Pick<InstanceRecord, 'memoryMiB'>): string =>
  `memory_limit: it needed more than the ${memoryMiB} MiB of its flavor. Choose a larger flavor, or let it use less.`;

const REBOOTED = 'The instance was lost: the machine restarted.';
const ENGINE_LOST = 'The instance was lost: the Docker engine was stopped or restarted.';

/** What it was ended for; one that was over before was not ended. */
const askedFor = (ending: Ending | undefined, state: Inspected['State']): Ending | undefined =>
  ending !== undefined && (timeOf(state.FinishedAt) ?? 0) >= ending.at ? ending : undefined;

const endOf = (code: number): Pick<Exit, 'exitCode' | 'signal'> => {
  const signal = code > BY_SIGNAL ? signalName(code - BY_SIGNAL) : undefined;
  return signal === undefined
    ? { exitCode: code, signal: undefined }
    : { exitCode: undefined, signal };
};

const signalName = (number: number): string | undefined =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0];

/** What its log says last: that it had to be killed. */
export function lastWords({ ending, state }: Pick<End, 'ending' | 'state'>): string | undefined {
  const asked = askedFor(ending, state);
  if (asked === undefined || state.ExitCode !== BY_SIGNAL + constants.signals.SIGKILL)
    return undefined;
  if (asked.reason !== 'stopped') return asked.detail;
  return `It went on for ${asked.graceSeconds} s after it was asked to end, and was killed.`;
}

/** How an instance stands, or undefined while it is on its way. */
export function toObservation(
  { record, exit }: Kept,
  found: Inspected | undefined,
  now: number,
): Observation | undefined {
  const { instanceId, workloadId, port } = record;
  const startedAt = timeOf(found?.State.StartedAt) ?? record.createdAt;
  if (exit !== undefined)
    return { instanceId, workloadId, state: { status: 'exited', startedAt, exit } };
  if (found === undefined || found.State.Status === 'created') return undefined;
  const host = addressOf(found);
  const endpoint = port === undefined || host === undefined ? undefined : { host, port };
  return {
    instanceId,
    workloadId,
    state: { status: 'running', startedAt, heartbeatAt: now, endpoint },
  };
}

export const addressOf = ({ NetworkSettings }: Inspected): string | undefined =>
  Object.values(NetworkSettings.Networks)
    .map(({ IPAddress }) => IPAddress)
    .find((address) => address !== '');

/** Epoch milliseconds; nothing for Docker's "never" (the year 1). */
function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return time > 0 ? time : undefined;
}
