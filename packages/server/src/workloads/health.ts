import { MINUTE, SECOND } from '../lib/duration.ts';

/** What a Webapp's instance must answer, and until when. */
export type HealthRule = {
  port: number;
  /** All must pass. */
  paths: readonly string[];
  /** Whether the user named the paths: then only 200–299 passes. */
  configured: boolean;
  deadline: number;
};

export type CheckResult = { path: string; listening: boolean; status: number | undefined };

export type Verdict = { healthy: true } | { healthy: false; over: boolean; detail: string };

/**
 * How long a Webapp may take until it answers, in milliseconds: 5 minutes, 15 with a GPU (models are
 * loaded first), or `CG_START_TIMEOUT` seconds (5 to 3600).
 */
export function startTimeout(environment: Readonly<Record<string, string>>, gpus: number): number {
  const seconds = Number(environment['CG_START_TIMEOUT'] ?? Number.NaN);
  if (seconds >= 5 && seconds <= 3600) return seconds * SECOND;
  return (gpus > 0 ? 15 : 5) * MINUTE;
}

/** `/health`, written with the slash or without, in characters that a request may have. */
const toPath = (value: string): string =>
  `/${value.trim()}`
    .replace(/^\/+/, '/')
    .toWellFormed()
    .replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);

/** The paths to check: `CC_HEALTH_CHECK_PATH`, `CC_HEALTH_CHECK_PATH_0`, `_1`…, else `/`. */
export function healthPaths(environment: Readonly<Record<string, string>>): {
  paths: string[];
  configured: boolean;
} {
  const named = Object.entries(environment)
    .filter(([name, path]) => /^CC_HEALTH_CHECK_PATH(_\d+)?$/.test(name) && path.trim() !== '')
    .toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([, path]) => toPath(path));
  return named.length > 0
    ? { paths: named, configured: true }
    : { paths: ['/'], configured: false };
}

/**
 * How long after a check the next comes, by how long the instance has been starting (both in
 * milliseconds): a tenth of it, so that a start is noticed within a tenth of the time that it took.
 */
export const pauseAfter = (elapsed: number): number =>
  Math.min(2 * SECOND, Math.max(25, elapsed / 10));

/** Whether an instance is healthy, may still become so, or is given up. */
export function judgeHealth(
  rule: HealthRule,
  checks: readonly CheckResult[],
  now: number,
): Verdict {
  const failing = checks.filter((check) => !passes(rule, check));
  if (failing.length === 0) return { healthy: true };
  const over = now >= rule.deadline;
  if (failing.every(({ listening }) => !listening))
    return { healthy: false, over, detail: nothingListens(rule.port, over) };
  const answers = failing.map(({ path, status }) => `GET ${path} ${status ?? 'no answer'}`);
  return {
    healthy: false,
    over,
    detail: `Health check: ${answers.join(', ')}; ${rule.configured ? 'each must answer 200–299' : 'it must answer without an error'}.${over ? ' Fix the application and deploy again.' : ''}`,
  };
}

/** Without a configured path any answer but a server's error proves that it serves. */
const passes = ({ configured }: HealthRule, { status }: CheckResult): boolean =>
  status !== undefined && (configured ? status >= 200 && status < 300 : status < 500);

const nothingListens = (port: number, over: boolean): string =>
  over
    ? `Nothing listened on 0.0.0.0:${port} in time. A Webapp serves HTTP on port ${port} of all addresses (0.0.0.0, not 127.0.0.1).`
    : `Nothing listening on 0.0.0.0:${port} yet…`;
