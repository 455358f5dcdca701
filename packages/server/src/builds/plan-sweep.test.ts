import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HOUR } from '../lib/duration.ts';
import { places, planSweep } from './plan-sweep.ts';
import type { Found, KnownArtifact, Lying, Place } from './plan-sweep.ts';

const NOW = 100 * HOUR;
const time = fc.integer({ min: 0, max: NOW });
const numbered = (prefix: string, most: number) => fc.nat(most).map((n) => `${prefix}${n}`);

const artifact: fc.Arbitrary<KnownArtifact> = fc.record({
  id: numbered('artifact', 40),
  applicationId: numbered('app', 1),
  commitId: numbered('commit', 9),
  dependenciesKey: fc.option(numbered('env', 9)),
  installedKey: fc.option(numbered('env', 9)),
  usedAt: time,
});

const lying = (name: fc.Arbitrary<string>): fc.Arbitrary<Lying[]> =>
  fc.uniqueArray(fc.record({ name, touchedAt: time }), { selector: (one) => one.name });

const found: fc.Arbitrary<Found> = fc.record({
  artifacts: fc.uniqueArray(artifact, { selector: ({ id }) => id, maxLength: 30 }),
  needed: fc.record({
    artifactIds: fc.array(numbered('artifact', 40), { maxLength: 4 }).map((ids) => new Set(ids)),
    commitIds: fc.array(numbered('commit', 9), { maxLength: 3 }).map((ids) => new Set(ids)),
  }),
  builds: fc.array(
    fc.record({ deploymentId: numbered('deployment', 9), startedAt: fc.option(time) }),
    { maxLength: 2 },
  ),
  lying: fc.record({
    artifacts: lying(numbered('artifact', 50)),
    environments: lying(numbered('env', 12)),
    checkouts: lying(numbered('deployment', 12)),
    repositories: lying(fc.constantFrom('a.git', 'b.git', 'a.git.partial')),
    tools: lying(fc.constantFrom('uv', 'uv.1.partial')),
  }),
});

/** All that goes, rows and what lies there, as `place/name`. */
function goes(situation: Found): Set<string> {
  const { forgotten, left } = planSweep(situation, NOW);
  const rows = forgotten.map(({ id }) => `artifacts/${id}`);
  return new Set([
    ...rows,
    ...places.flatMap((place) => left[place].map((name) => `${place}/${name}`)),
  ]);
}

const property = (holds: (situation: Found, gone: Set<string>) => void): void =>
  fc.assert(
    fc.property(found, (situation) => holds(situation, goes(situation))),
    { numRuns: 500 },
  );

const noneOf = (gone: Set<string>, place: Place, names: Iterable<string>): void =>
  assert.deepEqual(
    [...names].filter((name) => gone.has(`${place}/${name}`)),
    [],
  );

test('what a deployment, a run or a workload that is not over needs never goes', () => {
  property(({ artifacts, needed, builds }, gone) => {
    const known = artifacts.filter(({ id }) => needed.artifactIds.has(id));
    noneOf(
      gone,
      'artifacts',
      known.map(({ id }) => id),
    );
    noneOf(
      gone,
      'environments',
      known.flatMap((one) => [one.dependenciesKey ?? [], one.installedKey ?? []].flat()),
    );
    noneOf(
      gone,
      'checkouts',
      builds.map(({ deploymentId }) => deploymentId),
    );
  });
});

test('the five commits used last, and those that a deployment waits for, can be gone back to', () => {
  property(({ artifacts, needed }, gone) => {
    for (const own of Map.groupBy(artifacts, ({ applicationId }) => applicationId).values()) {
      const lastUses = [...Map.groupBy(own, ({ commitId }) => commitId)].map(
        ([commitId, ofIt]) => ({
          commitId,
          at: Math.max(...ofIt.map(({ usedAt }) => usedAt)),
          ofIt,
        }),
      );
      const distinct = new Set(lastUses.map(({ at }) => at)).size === lastUses.length;
      for (const { commitId, at, ofIt } of lastUses) {
        const later = lastUses.filter((other) => other.at > at).length;
        if (!needed.commitIds.has(commitId) && (later >= 5 || !distinct)) continue;
        const last = ofIt.filter(({ usedAt, id }) => usedAt === at && !gone.has(`artifacts/${id}`));
        assert.ok(last.length > 0, `the last artifact of ${commitId} goes`);
        assert.ok(last.some((one) => !gone.has(`environments/${one.dependenciesKey}`)));
      }
    }
  });
});

test('what was touched within the hour, or since an hour before a build under way began, stays', () => {
  property(({ builds, lying }, gone) => {
    const began = Math.min(NOW, ...builds.map(({ startedAt }) => startedAt ?? NOW));
    for (const place of places) {
      const fresh = lying[place].filter(({ touchedAt }) => touchedAt >= began - HOUR);
      noneOf(
        gone,
        place,
        fresh.map(({ name }) => name),
      );
    }
  });
});

test('repositories and tools stay, whatever rows there are', () => {
  property((_, gone) => {
    noneOf(gone, 'repositories', ['a.git', 'b.git']);
    noneOf(gone, 'tools', ['uv']);
  });
});

test('all the rest goes, and a second sweep finds nothing', () => {
  property((situation, gone) => {
    const artifacts = situation.artifacts.filter(({ id }) => !gone.has(`artifacts/${id}`));
    const lying = Object.fromEntries(
      places.map((place) => [
        place,
        situation.lying[place].filter(({ name }) => !gone.has(`${place}/${name}`)),
      ]),
    ) as Record<Place, Lying[]>;
    assert.deepEqual([...goes({ ...situation, artifacts, lying })], []);

    const since =
      Math.min(NOW, ...situation.builds.map(({ startedAt }) => startedAt ?? NOW)) - HOUR;
    const isOld = ({ touchedAt }: Lying): boolean => touchedAt < since;
    const used = new Set(artifacts.flatMap((one) => [one.dependenciesKey, one.installedKey]));
    assert.ok(lying.environments.filter(isOld).every(({ name }) => used.has(name)));
    const rows = new Set(artifacts.map(({ id }) => id));
    assert.ok(lying.artifacts.filter(isOld).every(({ name }) => rows.has(name)));
    for (const own of Map.groupBy(artifacts, ({ applicationId }) => applicationId).values()) {
      const old = own.filter(({ usedAt }) => usedAt < since);
      const kept = new Set(situation.needed.artifactIds);
      for (const one of situation.lying.artifacts) if (!isOld(one)) kept.add(one.name);
      const commits = old.filter(
        ({ id, commitId }) => !kept.has(id) && !situation.needed.commitIds.has(commitId),
      );
      assert.ok(commits.length <= 5);
    }
  });
});
