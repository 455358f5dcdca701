import { HOUR } from '../lib/duration.ts';

/** An artifact on record, and when it was used last. */
export type KnownArtifact = {
  id: string;
  applicationId: string;
  commitId: string;
  dependenciesKey: string | null;
  installedKey: string | null;
  usedAt: number;
};

/** What lies in a folder, and when it was touched last. */
export type Lying = { name: string; touchedAt: number };

/** Where builds leave things. */
export type Place = 'artifacts' | 'environments' | 'checkouts' | 'repositories' | 'tools';

export const places = ['artifacts', 'environments', 'checkouts', 'repositories', 'tools'] as const;

/** What whoever builds are for needs of them. */
export type Needed = {
  /** What deployments, runs and workloads that are not over need: artifacts, or just commits. */
  needed: { artifactIds: ReadonlySet<string>; commitIds: ReadonlySet<string> };
  /** Builds that are queued or under way. */
  builds: readonly { deploymentId: string; startedAt: number | null }[];
};

export type Found = Needed & {
  artifacts: readonly KnownArtifact[];
  lying: Readonly<Record<Place, readonly Lying[]>>;
};

export type Sweep = {
  /** Artifacts whose rows go, and then what lies under their names. */
  forgotten: readonly KnownArtifact[];
  /** What no row knows. */
  left: Readonly<Record<Place, readonly string[]>>;
};

/** How many of an application's commits can be gone back to without being built again. */
const COMMITS = 5;
/** Ends the name of what is being made or removed: nobody uses it. */
export const PARTIAL = '.partial';

/**
 * What nobody needs any more. Kept are: what is needed by anything that is not over, the last artifact
 * of an application's commits that were used last, the dependencies of what is kept, and all that a
 * build may have taken although no row says so yet.
 */
export function planSweep({ artifacts, needed, builds, lying }: Found, now: number): Sweep {
  const since = keptSince(builds, now);
  const isFresh = ({ touchedAt }: Lying): boolean => touchedAt >= since;
  const taken = new Set(lying.artifacts.filter(isFresh).map(({ name }) => name));
  const recent = new Set(lastOfCommits(artifacts, needed.commitIds));
  const isKept = (one: KnownArtifact): boolean =>
    needed.artifactIds.has(one.id) || recent.has(one) || taken.has(one.id) || one.usedAt >= since;
  const kept = artifacts.filter(isKept);

  const unless = (place: Place, names: ReadonlySet<string | null>): string[] =>
    lying[place].filter((one) => !isFresh(one) && !names.has(one.name)).map(({ name }) => name);
  const partial = (place: Place): string[] =>
    unless(place, new Set()).filter((name) => name.endsWith(PARTIAL));
  return {
    forgotten: artifacts.filter((one) => !isKept(one)),
    left: {
      artifacts: unless('artifacts', new Set(artifacts.map(({ id }) => id))),
      environments: unless('environments', new Set(kept.flatMap(keysOf))),
      checkouts: unless('checkouts', new Set(builds.map((one) => one.deploymentId))),
      repositories: partial('repositories'),
      tools: partial('tools'),
    },
  };
}

/** What is started with, and what the next builds take. */
const keysOf = (one: KnownArtifact) => [one.dependenciesKey, one.installedKey];

/** What was touched since then stays: an hour ago, or an hour before the oldest build under way began. */
const keptSince = (builds: Found['builds'], now: number): number =>
  Math.min(now, ...builds.map(({ startedAt }) => startedAt ?? now)) - HOUR;

/** Of each application the last artifact of its commits that were used last, and of those needed. */
function lastOfCommits(
  artifacts: readonly KnownArtifact[],
  neededCommits: ReadonlySet<string>,
): KnownArtifact[] {
  const newestFirst = artifacts.toSorted((a, b) => b.usedAt - a.usedAt);
  const byApplication = Map.groupBy(newestFirst, ({ applicationId }) => applicationId);
  return [...byApplication.values()].flatMap((own) => {
    const byCommit = [...Map.groupBy(own, ({ commitId }) => commitId).values()];
    return byCommit
      .flatMap(([last]) => last ?? [])
      .filter((last, age) => age < COMMITS || neededCommits.has(last.commitId));
  });
}
