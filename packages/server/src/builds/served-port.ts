import type { ArtifactStart } from './build.ts';
import type { Failure, Variables } from './recipe.ts';

const PORT = 8080;

/** The port that a Webapp serves: 8080, unless what it is made of lets a variable say otherwise. */
export function servedPort(
  { portVariable }: Pick<ArtifactStart, 'portVariable'>,
  environment: Variables,
): number {
  const port = portVariable === undefined ? undefined : readPort(environment, portVariable);
  return typeof port === 'number' ? port : PORT;
}

/** The port that a variable names, undefined where it is not set. */
export function readPort(environment: Variables, variable: string): number | Failure | undefined {
  const value = environment[variable]?.trim() ?? '';
  if (value === '') return undefined;
  const port = Number(value);
  if (/^\d+$/.test(value) && port >= 1 && port <= 65_535) return port;
  return {
    reason: 'invalid_variable',
    detail: `${variable}=${value}: a port is asked for, from 1 to 65535.`,
  };
}
