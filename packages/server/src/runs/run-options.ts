import type { Failure } from '../builds/recipe.ts';
import { parseDuration } from '../lib/spell-duration.ts';
import type { Priority } from '../store/schema.ts';

/** How a run is treated; an application says so by its variables, a request for one run by its own words. */
export type RunOptions = { priority: Priority; maxDuration: number | null; retries: number | null };

const priorities = ['low', 'normal', 'high'] as const;
const MOST_RETRIES = 100;

/** The options out of an application's variables, or which of them is wrong. */
export function parseRunOptions(
  environment: Readonly<Record<string, string>>,
): RunOptions | Failure {
  const { CG_PRIORITY: priority, CG_MAX_DURATION: limit, CG_RETRIES: retries } = environment;
  const known = priorities.find((one) => one === (priority?.trim() || 'normal'));
  if (known === undefined)
    return invalid(`CG_PRIORITY=${priority}: it may be ${priorities.join(', ')}.`);
  const maxDuration = isSet(limit) ? parseDuration(limit) : null;
  if (maxDuration === undefined)
    return invalid(`CG_MAX_DURATION=${limit}: it is a duration, such as 90s, 30m, 12h or 2d.`);
  const count = isSet(retries) ? Number(retries) : null;
  if (count !== null && !(Number.isInteger(count) && count >= 0 && count <= MOST_RETRIES))
    return invalid(`CG_RETRIES=${retries}: it is a number from 0 to ${MOST_RETRIES}.`);
  return { priority: known, maxDuration, retries: count };
}

const isSet = (value: string | undefined): value is string =>
  value !== undefined && value.trim() !== '';

const invalid = (detail: string): Failure => ({ reason: 'invalid_variable', detail });
