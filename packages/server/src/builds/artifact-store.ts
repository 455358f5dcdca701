import type { Kysely } from 'kysely';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Tx } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Artifact, ArtifactStart } from './build.ts';

type Row = { id: string; start: string; environmentKey: string | null };

const toArtifact = ({ id, start, environmentKey }: Row): Artifact => ({
  id,
  environmentKey: environmentKey ?? undefined,
  start: JSON.parse(start) as ArtifactStart,
});

const columns = ['id', 'start', 'environment_key as environmentKey'] as const;

export async function selectArtifact(
  db: Kysely<Schema>,
  id: string,
): Promise<Artifact | undefined> {
  const row = await db
    .selectFrom('artifacts')
    .select(columns)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && toArtifact(row);
}

export async function selectArtifacts(
  db: Kysely<Schema>,
  applicationId: ApplicationId,
): Promise<Artifact[]> {
  const rows = await db
    .selectFrom('artifacts')
    .select(columns)
    .where('application_id', '=', applicationId)
    .execute();
  return rows.map(toArtifact);
}

/** The newest artifact of the application that was made from these inputs. */
export async function selectMadeFrom(
  db: Kysely<Schema>,
  applicationId: ApplicationId,
  inputKey: string,
): Promise<Artifact | undefined> {
  const row = await db
    .selectFrom('artifacts')
    .select(columns)
    .where('application_id', '=', applicationId)
    .where('id', 'like', `${inputKey}.%`)
    .orderBy('created_at', 'desc')
    .executeTakeFirst();
  return row && toArtifact(row);
}

/** The newest dependencies with this key; those installed afresh have something behind it. */
export async function selectEnvironment(
  db: Kysely<Schema>,
  key: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('artifacts')
    .select('environment_key as key')
    .where(({ eb, or }) =>
      or([eb('environment_key', '=', key), eb('environment_key', 'like', `${key}.%`)]),
    )
    .orderBy('created_at', 'desc')
    .executeTakeFirst();
  return row?.key ?? undefined;
}

export type NewArtifact = Artifact & {
  ownerId: OwnerId;
  applicationId: ApplicationId;
  commitId: string;
  at: number;
};

/** Records an artifact; one that is known was used again. */
export const upsertArtifact = (tx: Tx, artifact: NewArtifact) =>
  tx
    .insertInto('artifacts')
    .values({
      id: artifact.id,
      owner_id: artifact.ownerId,
      application_id: artifact.applicationId,
      commit_id: artifact.commitId,
      start: JSON.stringify(artifact.start),
      environment_key: artifact.environmentKey ?? null,
      created_at: artifact.at,
      used_at: artifact.at,
    })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ used_at: artifact.at }))
    .execute();
