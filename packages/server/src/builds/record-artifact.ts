import type { Tx } from '../store/database.ts';
import type { NewRow } from '../store/schema.ts';
import { upsertArtifact } from './artifact-store.ts';
import type { Artifact } from './build.ts';

type Made = Artifact & Pick<NewRow<'artifacts'>, 'ownerId' | 'applicationId' | 'commitId'>;

/** Records what a build has made; one that is known was used again. */
export const recordArtifact = (
  tx: Tx,
  { dependenciesKey, installedKey, at, ...artifact }: Made & { at: number },
) =>
  upsertArtifact(tx, {
    ...artifact,
    environmentKey: dependenciesKey ?? null,
    installedKey: installedKey ?? null,
    createdAt: at,
    usedAt: at,
  });
