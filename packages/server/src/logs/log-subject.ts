import type { ApplicationId } from '../lib/ids.ts';
import type { Source } from './log.ts';

/** How long the last lines of what is over may take: whoever was killed writes none, and does not say so. */
export const LAST_LINES_WITHIN = 2_000;

/** What a log is of: an application, one of its deployments, or a run. */
export type LogSubject = {
  /** Those who follow the same share what is read of it. */
  key: string;
  applicationId: ApplicationId;
  /** How it stands now; the answer of the last time where nothing changed since. One after the other. */
  look(): Promise<Stand>;
};

/** A subject as it stands. */
export type Stand = {
  sources: readonly Source[];
  /** How it came to its end, once it has; an application never does. */
  settled?: Settled | undefined;
};

export type Settled = {
  /** As the subject calls it; undefined where the subject itself is gone. */
  status: string | undefined;
  at: number;
  /** Whether nothing of it goes on, so that each of its sources will be complete. */
  toTheEnd: boolean;
};

export const isSameEnd = (one: Settled | undefined, other: Settled | undefined): boolean =>
  one?.status === other?.status && one?.at === other?.at;
