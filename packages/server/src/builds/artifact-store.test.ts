import assert from 'node:assert/strict';
import { onEachDatabase } from '../testing/database.ts';
import { makeApplication, makeOwner } from '../testing/rows.ts';
import { findDependencies } from './artifact-store.ts';
import type { ArtifactStart } from './build.ts';
import { recordArtifact } from './record-artifact.ts';

onEachDatabase(
  'what was installed last for a key is found, also where a hook made something else of it',
  async (database) => {
    const { organizationId: ownerId } = await makeOwner(database);
    const applicationId = await makeApplication(database, { ownerId });
    const start: ArtifactStart = {
      folder: '',
      command: { name: 'x', argv: ['x'] },
      environment: {},
      readOnly: [],
    };
    const record = (id: string, at: number, installedKey: string, dependenciesKey?: string) =>
      database.transaction((tx) =>
        recordArtifact(tx, {
          id,
          ownerId,
          applicationId,
          commitId: id,
          start,
          at,
          installedKey,
          dependenciesKey,
        }),
      );
    await record('first', 1, 'key', 'first');
    assert.equal(await findDependencies(database.read, 'key'), 'key');
    assert.equal(await findDependencies(database.read, 'first'), undefined);
    await record('afresh', 2, 'key.afresh', 'afresh');
    await record('other', 3, 'another', 'another');
    assert.equal(await findDependencies(database.read, 'key'), 'key.afresh');
    await record('unused', 4, 'key.later');
    assert.equal(await findDependencies(database.read, 'key'), 'key.later');
  },
);
