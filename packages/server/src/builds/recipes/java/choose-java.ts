import type { CommitFiles, Variables } from '../../recipe.ts';
import { javaWish } from './java-wishes.ts';
import type { Jdk } from './jdks.ts';

/** What new applications ask for. */
const PREFERRED = 21;

/** The kit that an application gets, by its variable, else by its files; undefined where there is none. */
export function chooseJava(
  { environment, files }: { environment: Variables; files: CommitFiles },
  jdks: readonly Jdk[],
): { jdk: Jdk; notices: readonly string[] } | undefined {
  const oldestFirst = jdks.toSorted((a, b) => a.feature - b.feature);
  const asked = (environment['CC_JAVA_VERSION'] ?? '').trim().replace(/^(["'])(.*)\1$/, '$2');
  const wish = javaWish(files);
  const [from, said] = asked === '' ? [wish?.from, wish?.said] : ['CC_JAVA_VERSION', asked];
  const named = asked === '' ? wish?.feature : /^\d{1,3}$/.test(asked) ? Number(asked) : undefined;
  const wanted = named ?? PREFERRED;
  // the next newer, else the newest
  const jdk = oldestFirst.find(({ feature }) => feature >= wanted) ?? oldestFirst.at(-1);
  if (jdk === undefined) return undefined;
  const offered = oldestFirst.map(({ feature }) => feature).join(', ');
  const isThere = from === undefined || jdk.feature === named;
  return {
    jdk,
    notices: [
      ...(isThere
        ? []
        : [`${from}=${said} is not available here (${offered}): using Java ${jdk.feature}.`]),
      ...(asked !== '' && wish !== undefined && wish.feature !== jdk.feature
        ? [`${wish.from} asks for Java ${wish.said}: CC_JAVA_VERSION is stronger.`]
        : []),
      `Using Java ${jdk.version}${from !== undefined && isThere ? `, as ${from} says` : ''}`,
    ],
  };
}
