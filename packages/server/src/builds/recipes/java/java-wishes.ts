import type { CommitFiles } from '../../recipe.ts';

/** Which release of Java a file wishes for, in its words. */
export type Wish = { from: string; said: string; feature: number };

/** Where a release is named, in files that are there for nothing else, and in those of builds. */
const NAMED: Readonly<Record<string, readonly RegExp[]>> = {
  '.java-version': [/^[ \t]*(\S+)\s*$/m],
  'system.properties': [/^[ \t]*java\.runtime\.version\s*[=:]\s*(\S+)\s*$/m],
  '.sdkmanrc': [/^[ \t]*java\s*=\s*(\S+)\s*$/m],
  '.tool-versions': [/^[ \t]*java[ \t]+(\S+)/m],
  'pom.xml': [
    /<maven\.compiler\.release>\s*([^<\s]+)/,
    /<java\.version>\s*([^<\s]+)/,
    /<release>\s*(\d[^<\s]*)/,
    /<maven\.compiler\.target>\s*([^<\s]+)/,
    /<maven\.compiler\.source>\s*([^<\s]+)/,
  ],
  'build.gradle': [/JavaLanguageVersion\.of\(\s*["']?(\d+)/],
  'build.gradle.kts': [/JavaLanguageVersion\.of\(\s*["']?(\d+)/],
};

/** The files that may wish for a release. */
export const wishingFiles: readonly string[] = Object.keys(NAMED);

/** The strongest wish of a commit's files. */
export function javaWish(files: CommitFiles): Wish | undefined {
  for (const [from, places] of Object.entries(NAMED)) {
    const text = files.get(from)?.text ?? '';
    const said = places.map((place) => place.exec(text)?.[1]).find((one) => one !== undefined);
    const feature = said === undefined ? undefined : featureOf(said);
    if (said !== undefined && feature !== undefined) return { from, said, feature };
  }
  return undefined;
}

/** `17`, `17.0.2`, `1.8`, `temurin-17.0.2+8`, `openjdk64-11.0.1`, `21.0.2-tem`. */
function featureOf(said: string): number | undefined {
  const [, digits] =
    /(?:^|[A-Za-z_]-|[A-Za-z]\d\d-)(?:1\.(?=\d))?(\d{1,2})(?![\d])/.exec(said) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
