import { DAY, MINUTE } from '../lib/duration.ts';
import type { ApplicationId } from '../lib/ids.ts';
import type { NewRow, Row } from '../store/schema.ts';

/** An instance's time, as metered, with the name of the application, be it gone. */
export type Interval = Omit<Row<'usageIntervals'>, 'instanceId' | 'ownerId' | 'heartbeatAt'> & {
  applicationDeleted: boolean;
};

/** An instance's time that begins. */
export type NewInterval = Omit<
  NewRow<'usageIntervals'>,
  'applicationName' | 'startedAt' | 'heartbeatAt' | 'endedAt'
> & { at: number };

export type Usage = {
  /** Null of what belongs to none. */
  applicationId: ApplicationId | null;
  applicationName: string | null;
  /** It is gone since, or going. */
  applicationDeleted: boolean;
  /** Instance-minutes, each (subject, number) rounded up once. */
  minutes: number;
  gpuMinutes: number;
  microEuros: number;
};

/**
 * What each application used and costs. Minutes are rounded up once per subject and instance number, over the union of its attempts: pauses between crashes are free, and time that two
 * attempts share counts once.
 */
export function usageOf(
  intervals: readonly Interval[],
  { from, to }: { from: number; to: number },
): Usage[] {
  const byApplication = Map.groupBy(intervals, ({ applicationId }) => applicationId);
  return [...byApplication].map(([applicationId, own]) => {
    const lines = [...Map.groupBy(own, chargedTogether).values()].map((line) =>
      chargeLine(line, from, to),
    );
    return {
      applicationId,
      applicationName: own[0]?.applicationName ?? null,
      applicationDeleted: own[0]?.applicationDeleted ?? false,
      minutes: sum(lines.map(({ minutes }) => minutes)),
      gpuMinutes: sum(lines.map(({ gpuMinutes }) => gpuMinutes)),
      microEuros: Math.round(sum(lines.map(({ microEuros }) => microEuros))),
    };
  });
}

const chargedTogether = ({ subjectKind, subjectId, instanceNumber }: Interval): string =>
  `${subjectKind}/${subjectId}/${instanceNumber}`;

/** Attempts may have had another size or price: each has its part of the minutes, by its time. */
function chargeLine(line: readonly Interval[], from: number, to: number) {
  const minutes = Math.ceil(unionLength(line, from, to) / MINUTE);
  const parts = [
    ...Map.groupBy(line, ({ gpus, microEurosPerDay }) => `${gpus}/${microEurosPerDay}`).values(),
  ].map((part) => ({ ...part[0], length: unionLength(part, from, to) }));
  const whole = sum(parts.map(({ length }) => length));
  const perMinute = (of: (part: Partial<Interval>) => number | undefined): number =>
    sum(parts.map((part) => (of(part) ?? 0) * (whole === 0 ? 0 : part.length / whole)));
  return {
    minutes,
    gpuMinutes: Math.round(minutes * perMinute(({ gpus }) => gpus)),
    microEuros: (minutes * MINUTE * perMinute((part) => part.microEurosPerDay)) / DAY,
  };
}

/** Milliseconds covered by at least one interval, within the window. */
export function unionLength(intervals: readonly Interval[], from: number, to: number): number {
  const spans = intervals
    .map(({ startedAt, endedAt }) => ({
      start: Math.max(startedAt, from),
      end: Math.min(endedAt ?? to, to),
    }))
    .filter(({ start, end }) => end > start)
    .toSorted((a, b) => a.start - b.start);
  let covered = 0;
  let reached = from;
  for (const { start, end } of spans) {
    covered += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return covered;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
