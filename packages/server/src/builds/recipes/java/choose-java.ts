import type { Variables } from '../../recipe.ts';
import type { Jdk } from './jdks.ts';

/** What new applications ask for. */
const PREFERRED = 21;

/** The kit that an application gets: what it asks for, else the next newer, else the newest; undefined for none. */
export function chooseJava(
  variables: Variables,
  jdks: readonly Jdk[],
): { jdk: Jdk; warning: string | undefined } | undefined {
  const oldestFirst = jdks.toSorted((a, b) => a.feature - b.feature);
  const asked = (variables['CC_JAVA_VERSION'] ?? '').trim().replace(/^(["'])(.*)\1$/, '$2');
  const isVersion = /^\d{1,3}$/.test(asked);
  const wanted = isVersion ? Number(asked) : PREFERRED;
  const jdk = oldestFirst.find(({ feature }) => feature >= wanted) ?? oldestFirst.at(-1);
  if (jdk === undefined) return undefined;
  if (asked === '' || (isVersion && jdk.feature === wanted)) return { jdk, warning: undefined };
  const offered = oldestFirst.map(({ feature }) => feature).join(', ');
  return {
    jdk,
    warning: `CC_JAVA_VERSION=${asked} is not available here (${offered}): using Java ${jdk.feature}.`,
  };
}
