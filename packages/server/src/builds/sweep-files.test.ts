import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findNeeded } from '../deployments/find-needed.ts';
import { HOUR } from '../lib/duration.ts';
import type { ApplicationId, DeploymentId, OwnerId } from '../lib/ids.ts';
import { dataPaths } from '../paths.ts';
import { ClaimLost, claimDue, askForLook } from '../reconcile/looks.ts';
import type { Database } from '../store/database.ts';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeDeployment, makeOwner, setDeployment } from '../testing/rows.ts';
import { createWorkload } from '../workloads/create-workload.ts';
import { listArtifacts } from './artifact-store.ts';
import { recordArtifact } from './record-artifact.ts';
import { sweepFiles } from './sweep-files.ts';

const NOW = 100 * HOUR;
const clock = (): number => NOW;
const never = new AbortController().signal;

async function open(database: Database, t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'grid-sweep-'));
  t.after(() => rmSync(root, { recursive: true }));
  const paths = dataPaths(root);
  const { organizationId: ownerId } = await makeOwner(database);
  const applicationId = await makeApplication(database, { ownerId });
  const lay = (path: string, hoursAgo: number): void => {
    mkdirSync(join(path, 'inside'), { recursive: true });
    const at = (NOW - hoursAgo * HOUR) / 1000;
    utimesSync(path, at, at);
  };
  await database.transaction((tx) => askForLook(tx, 'cleanup', 'builds', 1));
  const taking = { now: NOW, leaseMs: HOUR, epoch: 0, kinds: ['cleanup'], limit: 1 } as const;
  const [claim] = await claimDue(database, taking);
  assert.ok(claim);
  return { paths, ownerId, applicationId, lay, claim };
}

type Owned = { ownerId: OwnerId; applicationId: ApplicationId };

/** An artifact of the commit on record, used so many hours ago. */
const record = (
  database: Database,
  owned: Owned,
  artifact: { id: string; commitId: string; dependenciesKey?: string; hoursAgo: number },
): Promise<unknown> =>
  database.transaction((tx) =>
    recordArtifact(tx, {
      ...owned,
      id: artifact.id,
      commitId: artifact.commitId,
      dependenciesKey: artifact.dependenciesKey,
      installedKey: artifact.dependenciesKey,
      start: { folder: '', command: { name: 'x', argv: ['x'] }, environment: {}, readOnly: [] },
      at: NOW - artifact.hoursAgo * HOUR,
    }),
  );

async function deploy(
  database: Database,
  { ownerId, applicationId }: Owned,
  change: Parameters<typeof setDeployment>[2],
): Promise<DeploymentId> {
  const id = await makeDeployment(database, { ownerId, applicationId });
  await setDeployment(database, id, change);
  return id;
}

onEachDatabase(
  'what is live, what still runs for a former version and what is waited for stays, with its dependencies',
  async (database, t) => {
    const { paths, lay, claim, ...owned } = await open(database, t);
    const needed = ['live', 'draining', 'starting'];
    for (const id of [...needed, 'failed']) {
      await record(database, owned, {
        id,
        commitId: id,
        dependenciesKey: `of-${id}`,
        hoursAgo: 90,
      });
      lay(paths.artifact(id), 90);
      lay(paths.dependencies(`of-${id}`), 90);
    }
    for (let n = 0; n < 5; n += 1)
      await record(database, owned, { id: `newer-${n}`, commitId: `newer-${n}`, hoursAgo: 2 });
    await deploy(database, owned, { status: 'live', artifactId: 'live' });
    await deploy(database, owned, { status: 'starting', artifactId: 'starting' });
    await deploy(database, owned, { status: 'failed', artifactId: 'failed' });
    const former = await deploy(database, owned, { status: 'superseded', artifactId: 'draining' });
    const workload = {
      subjectKind: 'deployment',
      subjectId: former,
      estimate: null,
      engine: 'process',
      flavor: 'XS',
      nodes: 1,
      graceSeconds: 1,
    } as const;
    await database.transaction((tx) =>
      createWorkload(tx, { flavorDevices: [] }, { ...owned, ...workload, at: 1 }),
    );

    await sweepFiles({ database, paths, clock, findNeeded }, claim, never);

    const rows = await listArtifacts(database.read, owned.applicationId);
    assert.deepEqual(
      rows
        .map(({ id }) => id)
        .filter((id) => !id.startsWith('newer'))
        .toSorted(),
      needed.toSorted(),
    );
    for (const id of needed) {
      assert.ok(existsSync(join(paths.artifact(id), 'inside')), id);
      assert.ok(existsSync(join(paths.dependencies(`of-${id}`), 'inside')), id);
    }
    assert.equal(existsSync(paths.artifact('failed')), false);
    assert.equal(existsSync(paths.dependencies('of-failed')), false);
  },
);

onEachDatabase(
  'what builds left half-way goes, what one is working on or has just taken stays',
  async (database, t) => {
    const { paths, lay, claim, ...owned } = await open(database, t);
    const building = await deploy(database, owned, {
      status: 'building',
      startedAt: NOW - 3 * HOUR,
    });
    const ended = await deploy(database, owned, { status: 'failed' });
    const stays = [
      paths.checkout(building),
      paths.dependencies('taken-by-the-build'),
      paths.repository(owned.applicationId),
    ];
    const gone = [
      paths.checkout(ended),
      paths.artifact('nobody-knows'),
      `${paths.repository(owned.applicationId)}.partial`,
      join(paths.folder('environments'), 'half.partial'),
    ];
    for (const path of stays) lay(path, path.includes('repositories') ? 90 : 3.5);
    for (const path of gone) lay(path, 90);

    await sweepFiles({ database, paths, clock, findNeeded }, claim, never);

    assert.deepEqual(
      stays.filter((path) => !existsSync(join(path, 'inside'))),
      [],
    );
    assert.deepEqual(
      gone.filter((path) => existsSync(path)),
      [],
    );
  },
);

onEachDatabase('what a build takes after the look at the disk stays', async (database, t) => {
  const { paths, lay, claim } = await open(database, t);
  const names = ['taken', 'left'];
  for (const name of names) lay(paths.dependencies(name), 90);
  const taking = (): number => {
    utimesSync(paths.dependencies('taken'), NOW / 1000, NOW / 1000);
    return NOW;
  };
  await sweepFiles({ database, paths, clock: taking, findNeeded }, claim, never);
  assert.deepEqual(
    names.map((name) => existsSync(join(paths.dependencies(name), 'inside'))),
    [true, false],
  );
});

onEachDatabase('who lost the claim sweeps nothing', async (database, t) => {
  const { paths, lay, claim } = await open(database, t);
  lay(paths.artifact('old'), 90);
  const lost = { ...claim, claim: 'of another leader' };
  await assert.rejects(sweepFiles({ database, paths, clock, findNeeded }, lost, never), ClaimLost);
  assert.ok(existsSync(paths.artifact('old')));
});
